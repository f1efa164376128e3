import Foundation
print("hello", Date())

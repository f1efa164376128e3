import AnomalyControl

@main
struct Main {
    static func main() { Anomalyctl.main() }
}

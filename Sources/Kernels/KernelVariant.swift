import CKernels

/// Which form of the loops for `Float` this process uses. It is chosen once, before `main`: the widest that the
/// processor has, or what the environment variable `ANOMALYD_KERNELS` names.
public enum KernelVariant: String, Sendable, CaseIterable {
    case avx512, avx2
    /// The loops in Swift, for every processor.
    case portable

    public static var current: KernelVariant {
        ck_is_wide() ? KernelVariant(rawValue: String(cString: ck_current().pointee.name)) ?? .portable : .portable
    }

    /// Variants of one arithmetic give the same bits: the wide ones fuse multiplication and addition, the portable one
    /// rounds in between.
    public var arithmetic: Arithmetic { self == .portable ? .rounded : .fused }

    /// How products are summed. The raw value is stored in checkpoints.
    public enum Arithmetic: UInt8, Sendable {
        case rounded = 0
        case fused = 1
    }
}

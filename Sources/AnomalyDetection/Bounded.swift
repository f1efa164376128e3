extension Double {
    /// NaN stays; what overflowed becomes the largest number.
    var bounded: Double {
        isInfinite ? (self > 0 ? Double.greatestFiniteMagnitude : -Double.greatestFiniteMagnitude) : self
    }
}

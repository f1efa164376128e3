// What the core could do at most: fused multiply-adds on registers only.
#pragma once

/// Multiplications and additions per second, of Floats, in the widest registers that this processor has; 0 if it has
/// no fused multiply-add that we know. Takes about `seconds`.
double peak_flops(double seconds);

/// Width of those registers in bits, 0 if none.
int peak_width(void);

namespace FitCluster.Math.Numerics;

/// <summary>
/// Calls of vector kernels from a stack at a multiple of a cache line. The runtime aligns frames to 16 bytes only, so that the frames of
/// the callers, and even the size of the environment, would decide whether the vectors that a kernel keeps in its frame cross cache lines,
/// which costs up to 40 % of its time. So the caller lowers the stack:
/// <code>
/// var top = stackalloc byte[StackLines.Probe(length)];
/// var lowered = stackalloc byte[StackLines.Lowering(top, arguments)];
/// (*top, *lowered) = (0, 0);
/// </code>
/// Only speed depends on it.
/// </summary>
internal static unsafe class StackLines
{
    private const int Line = 64;
    private const int Least = 16;

    /// <summary>A length of a probe of where the stack is: not a constant, as small constant ones do not lower it.</summary>
    public static int Probe(int any) => Least + (any & 1);

    /// <summary>By how much to lower the stack below a probe; positive.</summary>
    /// <param name="top">The probe.</param>
    /// <param name="arguments">The bytes of the kernel's arguments that are passed on the stack on x64, below 64.</param>
    public static int Lowering(byte* top, int arguments) => (int)((nuint)top % Line) + Line - arguments;
}

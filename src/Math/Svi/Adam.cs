using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace FitCluster.Math.Svi;

/// <summary>
/// One step of Adam (Kingma and Ba 2015) with an L2 penalty, as torch.optim.Adam takes it: g = clip x gradient + decay x parameter; m = 0.9
/// m + 0.1 g; v = 0.999 v + 0.001 g squared; parameter -= rate / (1 - 0.9^step) m / (sqrt(v / (1 - 0.999^step)) + 1e-8).
/// </summary>
/// <param name="Rate">The learning rate.</param>
/// <param name="Decay">The penalty.</param>
/// <param name="Clip">What the gradient is multiplied by.</param>
/// <param name="Step">The number of this step, from 1.</param>
public readonly record struct Adam(double Rate, double Decay, double Clip, double Step)
{
    private const double Beta1 = 0.9;
    private const double Beta2 = 0.999;
    private const double Epsilon = 1e-8;

    /// <summary>Changes parameters and both moments in place; an empty gradient is a gradient of zeros.</summary>
    public void Apply(Span<double> parameters, Span<double> m, Span<double> v, ReadOnlySpan<double> gradient) =>
        Apply(parameters, m, v, gradient, parameters, m, v);

    /// <summary>
    /// Writes the parameters and moments after the step to other arrays (or the same ones): one pass, which reads four arrays and writes
    /// three. Two divisions by constants are products with their inverses.
    /// </summary>
    public void Apply(
        ReadOnlySpan<double> parameters, ReadOnlySpan<double> m, ReadOnlySpan<double> v, ReadOnlySpan<double> gradient,
        Span<double> nextParameters, Span<double> nextM, Span<double> nextV)
    {
        var stride = Vector256.Create(Rate / (1 - double.Pow(Beta1, Step)));
        var (clip, decay, epsilon) = (Vector256.Create(Clip), Vector256.Create(Decay), Vector256.Create(Epsilon));
        var inverseRoot = Vector256.Create(1 / double.Sqrt(1 - double.Pow(Beta2, Step)));
        var length = parameters.Length;
        var hasGradient = !gradient.IsEmpty;
        ref var p0 = ref MemoryMarshal.GetReference(parameters);
        ref var m0 = ref MemoryMarshal.GetReference(m[..length]);
        ref var v0 = ref MemoryMarshal.GetReference(v[..length]);
        ref var g0 = ref MemoryMarshal.GetReference(hasGradient ? gradient[..length] : parameters);
        ref var nextP0 = ref MemoryMarshal.GetReference(nextParameters[..length]);
        ref var nextM0 = ref MemoryMarshal.GetReference(nextM[..length]);
        ref var nextV0 = ref MemoryMarshal.GetReference(nextV[..length]);
        var i = 0;
        for (; i + Vector256<double>.Count <= length; i += Vector256<double>.Count)
        {
            var at = (nuint)i;
            var g = hasGradient ? clip * Vector256.LoadUnsafe(ref g0, at) : Vector256<double>.Zero;
            var (p, first, second) = One(
                Vector256.LoadUnsafe(ref p0, at), Vector256.LoadUnsafe(ref m0, at), Vector256.LoadUnsafe(ref v0, at), g, stride, decay,
                inverseRoot, epsilon);
            first.StoreUnsafe(ref nextM0, at);
            second.StoreUnsafe(ref nextV0, at);
            p.StoreUnsafe(ref nextP0, at);
        }

        for (; i < length; i++)
        {
            var g = hasGradient ? clip * Vector256.Create(gradient[i]) : Vector256<double>.Zero;
            var (p, first, second) = One(
                Vector256.Create(parameters[i]), Vector256.Create(m[i]), Vector256.Create(v[i]), g, stride, decay, inverseRoot, epsilon);
            (nextParameters[i], nextM[i], nextV[i]) = (p[0], first[0], second[0]);
        }
    }

    /// <summary>
    /// The scalar twin of <see cref="Apply(Span{double}, Span{double}, Span{double}, ReadOnlySpan{double})"/>, as the formula is written.
    /// </summary>
    public void ApplyScalar(Span<double> parameters, Span<double> m, Span<double> v, ReadOnlySpan<double> gradient)
    {
        for (var i = 0; i < parameters.Length; i++)
        {
            var g = (gradient.IsEmpty ? 0 : Clip * gradient[i]) + (Decay * parameters[i]);
            m[i] = (Beta1 * m[i]) + ((1 - Beta1) * g);
            v[i] = (Beta2 * v[i]) + ((1 - Beta2) * g * g);
            parameters[i] -= Rate / (1 - double.Pow(Beta1, Step)) * m[i] / (double.Sqrt(v[i] / (1 - double.Pow(Beta2, Step))) + Epsilon);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<double> P, Vector256<double> M, Vector256<double> V) One(
        Vector256<double> p, Vector256<double> m, Vector256<double> v, Vector256<double> clipped, Vector256<double> stride,
        Vector256<double> decay, Vector256<double> inverseRoot, Vector256<double> epsilon)
    {
        var g = (decay * p) + clipped;
        m = (Vector256.Create(Beta1) * m) + (Vector256.Create(1 - Beta1) * g);
        v = (Vector256.Create(Beta2) * v) + (Vector256.Create(1 - Beta2) * g * g);
        return (p - (stride * m / ((Vector256.Sqrt(v) * inverseRoot) + epsilon)), m, v);
    }
}

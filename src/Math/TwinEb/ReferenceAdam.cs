using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// One step of Adam (Kingma and Ba 2015) with an L2 penalty, as torch.optim.Adam takes it: g = clip x gradient + decay x parameter; m = 0.9 m + 0.1 g; v = 0.999 v + 0.001 g squared;
/// parameter -= rate / (1 - 0.9^step) m / (sqrt(v / (1 - 0.999^step)) + 1e-8).
/// </summary>
/// <param name="Rate">The learning rate.</param>
/// <param name="Decay">The penalty.</param>
/// <param name="Clip">What the gradient is multiplied by.</param>
/// <param name="Step">The number of this step, from 1.</param>
internal readonly record struct ReferenceAdam(double Rate, double Decay, double Clip, double Step)
{
    private const double Beta1 = 0.9;
    private const double Beta2 = 0.999;
    private const double Epsilon = 1e-8;

    /// <summary>What a gradient of this norm is multiplied by, as torch.nn.utils.clip_grad_norm_ does: min(1, most / (norm + 1e-6)).</summary>
    public static double ClipFactor(double norm, double most) => double.Min(1, most / (norm + 1e-6));

    /// <summary>Changes parameters and both moments in place; an empty gradient is a gradient of zeros.</summary>
    public void Apply(Span<double> parameters, Span<double> m, Span<double> v, ReadOnlySpan<double> gradient)
    {
        var bias1 = 1 - double.Pow(Beta1, Step);
        var root2 = double.Sqrt(1 - double.Pow(Beta2, Step));
        var stride = Vector512.Create(Rate / bias1);
        var (clip, decay, root, epsilon) = (Vector512.Create(Clip), Vector512.Create(Decay), Vector512.Create(root2), Vector512.Create(Epsilon));
        var (keep1, take1) = (Vector512.Create(Beta1), Vector512.Create(1 - Beta1));
        var (keep2, take2) = (Vector512.Create(Beta2), Vector512.Create(1 - Beta2));
        var zero = Vector512<double>.Zero;
        for (var i = 0; i < parameters.Length; i += VectorNormal.Lanes)
        {
            var p = VectorNormal.Load(parameters, i, 0);
            var g = (decay * p) + (gradient.IsEmpty ? zero : clip * VectorNormal.Load(gradient, i, 0));
            var first = (keep1 * VectorNormal.Load(m, i, 0)) + (take1 * g);
            var second = (keep2 * VectorNormal.Load(v, i, 0)) + (take2 * g * g);
            VectorNormal.Store(first, m, i);
            VectorNormal.Store(second, v, i);
            VectorNormal.Store(p - (stride * first / ((Vector512.Sqrt(second) / root) + epsilon)), parameters, i);
        }
    }
}

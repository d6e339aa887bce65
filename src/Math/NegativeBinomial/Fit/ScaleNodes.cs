using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// The prior of a variance psi as nodes of the trapezoidal rule in y (NEG: y = log psi; horseshoe: y = log lambda), and integrals over it:
/// log h(S_w, S_b) = log int p(psi) psi^(-n_w / 2) (psi + D)^(-n_b / 2) exp(-S_w / (2 psi) - S_b / (2 (psi + D))) dpsi - (n_w + n_b) log(2
/// pi) / 2. The integrand decays in a strip of half width pi / 2 (horseshoe: pi / 4, where exp(-S / psi), psi like e^2y, turns) about the
/// real axis: with a step of 1/5 the rule errs by e^-49 (e^-24). NEG: p(psi) = tau^a psi^(u-1) / (B(u, a) (psi + tau)^(u+a)). Horseshoe:
/// psi = tau^2 lambda^2 / (1 + tau^2 lambda^2 / c^2), lambda ~ HC(1).
/// </summary>
internal sealed class ScaleNodes
{
    private const double Step = 0.2;
    private const double Low = -28;
    private const double High = 32;
    private const int Count = (((int)((High - Low) / Step) + 8) / 8) * 8;

    // exp of less than this is nothing beside the greatest term.
    private const double Least = -700;

    private readonly double[] _constant = new double[Count];
    private readonly double[] _within = new double[Count];
    private readonly double[] _between = new double[Count];
    private readonly bool _hasBetween;

    /// <summary>The nodes of a block's prior.</summary>
    /// <param name="block">The block: NEG or horseshoe.</param>
    /// <param name="logTau">Horseshoe: log tau.</param>
    /// <param name="logSlab">Horseshoe: log c^2.</param>
    public ScaleNodes(NbBlock block, double logTau, double logSlab)
    {
        var h = block.Hierarchy;
        _hasBetween = block.BetweenCount > 0;
        var isNeg = h.Family == NbFamily.Neg;
        var logBeta = isNeg
            ? VectorGammaWide.LogGamma(h.U) + VectorGammaWide.LogGamma(h.A) - VectorGammaWide.LogGamma(h.U + h.A)
                - (h.A * double.Log(h.Tau))
            : 0;
        for (var i = 0; i < Count; i++)
        {
            var y = Low + (Step * i);
            var logPsi = isNeg ? y : (2 * (logTau + y)) - VectorSoftplus.Softplus((2 * (logTau + y)) - logSlab);

            // log p(y); log tau + softplus = log(tau + psi).
            var logDensity = isNeg
                ? (h.U * y) - ((h.U + h.A) * (double.Log(h.Tau) + VectorSoftplus.Softplus(y - double.Log(h.Tau)))) - logBeta
                : double.Log(2 / double.Pi) - double.Abs(y) - VectorSoftplus.LogOnePlus(double.Exp(-2 * double.Abs(y)));
            var psi = double.Exp(logPsi);
            _within[i] = 1 / psi;
            _between[i] = 1 / (psi + block.Size);
            _constant[i] = logDensity + double.Log(Step) - (0.5 * block.WithinCount * logPsi) +
                (0.5 * block.BetweenCount * double.Log(_between[i]))
                    - ((block.WithinCount + block.BetweenCount) * NormalDistribution.LogRootTwoPi);
        }
    }

    /// <summary>log h, and the expectations of 1 / psi and 1 / (psi + D) in the optimal q(psi): -2 d log h / dS_w and -2 d log h /
    /// dS_b.</summary>
    public (double LogH, double Within, double Between) Integrate(double within, double between)
    {
        Span<double> exponents = stackalloc double[Count];
        var (halfWithin, halfBetween) = (Vector512.Create(-0.5 * within), Vector512.Create(-0.5 * between));
        var greatest = Vector512.Create(double.NegativeInfinity);
        for (var i = 0; i < Count; i += 8)
        {
            var exponent = Vector512.Create<double>(_constant.AsSpan(i)) + (halfWithin * Vector512.Create<double>(_within.AsSpan(i)));
            exponent = _hasBetween ? exponent + (halfBetween * Vector512.Create<double>(_between.AsSpan(i))) : exponent;
            exponent.CopyTo(exponents[i..]);
            greatest = Vector512.Max(greatest, exponent);
        }

        var most = double.NegativeInfinity;
        for (var lane = 0; lane < 8; lane++)
        {
            most = double.Max(most, greatest[lane]);
        }

        var (sum, sumWithin, sumBetween) = (Vector512<double>.Zero, Vector512<double>.Zero, Vector512<double>.Zero);
        var shift = Vector512.Create(most);
        for (var i = 0; i < Count; i += 8)
        {
            var exponent = Vector512.Create<double>(exponents[i..]) - shift;
            if (Vector512.LessThanAll(exponent, Vector512.Create(-45.0)))
            {
                continue;
            }

            var e = VectorExp.Of(Vector512.Max(exponent, Vector512.Create(Least)));
            sum += e;
            sumWithin += e * Vector512.Create<double>(_within.AsSpan(i));
            sumBetween += e * Vector512.Create<double>(_between.AsSpan(i));
        }

        var total = Vector512.Sum(sum);
        return (most + double.Log(total), Vector512.Sum(sumWithin) / total, Vector512.Sum(sumBetween) / total);
    }
}

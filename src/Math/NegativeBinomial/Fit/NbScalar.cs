using FitCluster.Math.Numerics;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>The prior of a scalar on the coordinate in which its q is Gaussian.</summary>
internal enum NbScalarPrior
{
    /// <summary>N(A, B^2).</summary>
    Normal,

    /// <summary>x = log of a half-Cauchy variable of scale A.</summary>
    LogHalfCauchy,

    /// <summary>x = log of an inverse gamma variable of shape A and scale B.</summary>
    LogInverseGamma,
}

/// <summary>A parameter of which there is one, not one by gene: q(x) = N(location, scale^2).</summary>
/// <param name="Name">What it is.</param>
/// <param name="Prior">Its prior's family.</param>
/// <param name="A">The first number of the prior.</param>
/// <param name="B">The second.</param>
/// <param name="StartLocation">Where q begins.</param>
/// <param name="StartScale">The standard deviation q begins with.</param>
internal sealed record NbScalar(string Name, NbScalarPrior Prior, double A, double B, double StartLocation, double StartScale)
{
    private const double HalfLogTwoPi = NormalDistribution.LogRootTwoPi;

    /// <summary>log p(x), with the Jacobian of the logarithm.</summary>
    public double LogPrior(double x) => Prior switch
    {
        NbScalarPrior.Normal => -HalfLogTwoPi - double.Log(B) - ((x - A) * (x - A) / (2 * B * B)),
        NbScalarPrior.LogHalfCauchy => double.Log(2 / (double.Pi * A)) + x - VectorSoftplus.Softplus(2 * (x - double.Log(A))),
        _ => (A * double.Log(B)) - VectorGammaWide.LogGamma(A) - (A * x) - (B * double.Exp(-x)),
    };

    /// <summary>E log p(x) + entropy of q, by 5 nodes (exact for a normal prior).</summary>
    public double Term(double location, double scale)
    {
        var (nodes, weights) = GaussHermite.Of(5);
        var sum = 0.0;
        for (var j = 0; j < nodes.Length; j++)
        {
            sum += weights[j] * LogPrior(location + (scale * nodes[j]));
        }

        return sum + double.Log(scale) + NbCellPosterior.NormalEntropy;
    }
}

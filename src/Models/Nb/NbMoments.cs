using FitCluster.Math.NegativeBinomial;

namespace FitCluster.Models.Nb;

/// <summary>
/// What a draw of the parameters expects of a gene over all cells: mean, variance and share of zeros of its counts, and the variances of
/// those between replicates of the data. Moments are sums over leaves of factorial moments, E u (u - 1) .. (u - j + 1) = (1 - gate) r (r +
/// 1) .. (r + j - 1) E odds^j, times powers of capture.
/// </summary>
internal readonly struct NbMoments
{
    private NbMoments(double mean, double variance, double zeros, double meanNoise, double varianceNoise, double zerosNoise) =>
        (Mean, Variance, Zeros, MeanNoise, VarianceNoise, ZerosNoise) = (mean, variance, zeros, meanNoise, varianceNoise, zerosNoise);

    public double Mean { get; }

    public double Variance { get; }

    public double Zeros { get; }

    /// <summary>The standard deviation of a replicate's mean.</summary>
    public double MeanNoise { get; }

    /// <summary>That of its variance, as of independent cells; infinite where the fourth moment is (BNB of large omega).</summary>
    public double VarianceNoise { get; }

    /// <summary>That of its share of zeros.</summary>
    public double ZerosNoise { get; }

    /// <summary>Of a gene.</summary>
    /// <param name="draw">The parameters.</param>
    /// <param name="gene">The gene.</param>
    /// <param name="cells">The cells.</param>
    /// <param name="bins">By leaf: shares and captures of cells.</param>
    public static NbMoments Of(NbDraw draw, int gene, NbCellSums cells, (double Share, double Capture)[][] bins)
    {
        Span<double> factorial = stackalloc double[4];
        var (m1, m2, m3, m4, squaredMeans, zeros, squaredZeros) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
        for (var leaf = 0; leaf < cells.Leaves; leaf++)
        {
            if (cells.Power(leaf, 0) <= 0)
            {
                continue;
            }

            var density = draw.Density(leaf, gene);
            Factorial(density, cells, leaf, factorial);
            var (f1, f2, f3, f4) = (factorial[0], factorial[1], factorial[2], factorial[3]);
            m1 += f1;
            m2 += f2 + f1;
            m3 += f3 + (3 * f2) + f1;
            m4 += f4 + (6 * f3) + (7 * f2) + f1;
            var one = density.Mean();
            squaredMeans += one * one * cells.Power(leaf, 2);
            foreach (var (share, capture) in bins[leaf])
            {
                var zero = double.Exp(density.Log(0, capture));
                zeros += share * zero;
                squaredZeros += share * zero * zero;
            }
        }

        var variance = double.Max(0, m2 - (m1 * m1));
        var fourth = m4 - (4 * m3 * m1) + (6 * m2 * m1 * m1) - (3 * m1 * m1 * m1 * m1);
        double n = cells.Cells;
        return new NbMoments(
            m1, variance, zeros, double.Sqrt(double.Max(0, m2 - squaredMeans) / n),
            double.Sqrt(double.Max(0, fourth - (variance * variance)) / n), double.Sqrt(double.Max(0, zeros - squaredZeros) / n));
    }

    // Of a cell drawn at random, as far as it is of the leaf.
    private static void Factorial(NbDensity density, NbCellSums cells, int leaf, Span<double> moments)
    {
        var (r, a, rising) = (density.R, density.Odds, 1 - density.Gate);
        var kappa = density.Omega > 0 ? 2 + ((r + 1) / density.Omega) : double.PositiveInfinity;
        var power = 1.0;
        for (var j = 1; j <= 4; j++)
        {
            rising *= r + j - 1;
            power *= a;
            if (double.IsPositiveInfinity(kappa) || kappa > 1e9)
            {
                moments[j - 1] = rising * power * cells.Power(leaf, j);
                continue;
            }

            moments[j - 1] = kappa > j ? rising * Odds(a * (kappa - 1), kappa, j, cells, leaf) : double.PositiveInfinity;
        }
    }

    // E alpha (alpha + 1) .. (alpha + j - 1) / ((kappa - 1) .. (kappa - j)), alpha = b nu, over the captures nu of a leaf.
    private static double Odds(double b, double kappa, int j, NbCellSums cells, int leaf)
    {
        var (p1, p2, p3, p4) = (b * cells.Power(leaf, 1), b * b * cells.Power(leaf, 2), b * b * b * cells.Power(leaf, 3),
            b * b * b * b * cells.Power(leaf, 4));
        var sum = j switch
        {
            1 => p1,
            2 => p2 + p1,
            3 => p3 + (3 * p2) + (2 * p1),
            _ => p4 + (6 * p3) + (11 * p2) + (6 * p1),
        };
        for (var i = 1; i <= j; i++)
        {
            sum /= kappa - i;
        }

        return sum;
    }
}

namespace FitCluster.Math.TwinEb;

/// <summary>
/// Whether counts vary more than Poisson's do around a fit's rates r. Under the model the squared errors (x - r)^2 add up to the sum of r,
/// so that their ratio is 1; with x ~ Poisson(theta r), E theta = 1, they add up to the sum of r + Var(theta) r^2.
/// </summary>
/// <param name="SquaredErrors">The sum over cells of (x - r)^2.</param>
/// <param name="Rates">The sum over them of r.</param>
/// <param name="SquaredRates">The sum over them of r^2.</param>
public readonly record struct CountMisfit(double SquaredErrors, double Rates, double SquaredRates)
{
    // A ratio above 1 may be that of rates that are not known well; a tenth of r^2 is more than they are wrong by where they mean anything.
    private const double LeastRatio = 2;
    private const double LeastVariance = 0.1;

    // Factors that have taken noise for what they explain leave a small variance, but never so much of the errors.
    private const double LargeRatio = 20;

    /// <summary>Squared errors beside those that Poisson counts have: about 1 where the model holds. NaN without cells.</summary>
    public double Ratio => SquaredErrors / Rates;

    /// <summary>Var(theta), by moments: 1 / a of a negative binomial.</summary>
    public double Variance => double.Max(0, (SquaredErrors - Rates) / SquaredRates);

    /// <summary>
    /// Whether a negative binomial is needed: the ratio is above 2 and the variance above 0.1; of training cells
    /// (<paramref name="trained"/> is true), which an overfitted model comes near to, a ratio above 20 is enough.
    /// </summary>
    public bool IsOverdispersed(bool trained) => Ratio > LeastRatio && (Variance > LeastVariance || (trained && Ratio > LargeRatio));

    /// <summary>Of a score's cells.</summary>
    public static CountMisfit Of(HeldOutScore score) => new(score.SquaredError, score.Means, score.SquaredMeans);

    /// <summary>The sums as an array, for results.</summary>
    internal double[] ToArray() => [SquaredErrors, Rates, SquaredRates];

    /// <summary>Of sums.</summary>
    public static CountMisfit FromArray(ReadOnlySpan<double> sums) => new(sums[0], sums[1], sums[2]);
}

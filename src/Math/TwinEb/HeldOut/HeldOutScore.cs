using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// Sums over scored held-out cells, of one shard or of all: they travel as one array, which adds up over shards.
/// </summary>
/// <param name="LogLikOthers">The sum over cells that are not zero of log((1/M) sum_m p(x | draw m)).</param>
/// <param name="LogLikZeros">The same sum over the zeros that were scored.</param>
/// <param name="Others">The cells that are not zero.</param>
/// <param name="Zeros">All cells that are zero, scored or not.</param>
/// <param name="ScoredZeros">The zeros that were scored.</param>
/// <param name="SquaredError">The sum over all cells of (x - E[u] . E[v])^2.</param>
/// <param name="AbsoluteError">The sum over all cells of |x - E[u] . E[v]|.</param>
/// <param name="Means">The sum over all cells of E[u] . E[v].</param>
/// <param name="SquaredMeans">The sum over all cells of its square.</param>
public readonly record struct HeldOutScore(
    double LogLikOthers, double LogLikZeros, double Others, double Zeros, double ScoredZeros, double SquaredError, double AbsoluteError,
    double Means, double SquaredMeans)
{
    /// <summary>The number of values in <see cref="ToArray"/>.</summary>
    public const int Length = 9;

    /// <summary>The cells that the averages are over.</summary>
    public double Cells => Others + Zeros;

    /// <summary>
    /// The held-out log-likelihood, a mean over cells: (sum over others + zeros / scored zeros x sum over scored zeros) / cells. NaN
    /// without cells.
    /// </summary>
    public double LogLik =>
        (LogLikOthers + (ScoredZeros == 0 ? 0 : LogLikZeros * (Zeros / ScoredZeros))) / (ScoredZeros == 0 ? Others : Cells);

    /// <summary>The root of the mean squared error of posterior means. NaN without cells.</summary>
    public double Rmse => double.Sqrt(SquaredError / Cells);

    /// <summary>The mean absolute error of posterior means. NaN without cells.</summary>
    public double Mae => AbsoluteError / Cells;

    /// <summary>The sums as an array, for a partial result.</summary>
    public double[] ToArray() => [LogLikOthers, LogLikZeros, Others, Zeros, ScoredZeros, SquaredError, AbsoluteError, Means, SquaredMeans];

    /// <summary>The sums from <see cref="ToArray"/>.</summary>
    public static HeldOutScore FromArray(ReadOnlySpan<double> values) =>
        new(values[0], values[1], values[2], values[3], values[4], values[5], values[6], values[7], values[8]);

    /// <summary>A scored set without a cell: what shards that have nothing to score return.</summary>
    public static HeldOutScore None => default;

    /// <summary>This score as an array of a partial result.</summary>
    public NamedArray ToNamedArray(string name) => new(name, ToArray());
}

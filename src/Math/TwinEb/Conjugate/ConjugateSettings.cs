namespace FitCluster.Math.TwinEb;

/// <summary>The numbers of the conjugate optimizer, chosen by the measurements in docs/twineb-default.md.</summary>
internal static class ConjugateSettings
{
    /// <summary>Pseudo-members that draw each component to its side's centre.</summary>
    public const double Strength = 1;

    /// <summary>Pseudo-members that say a component's shape (Gamma) is 1.</summary>
    public const double ShapeStrength = 10;

    /// <summary>Sweeps with one component a side before it is split.</summary>
    public const int SweepsBeforeSplit = 20;

    /// <summary>Sweeps at most, where the options do not say.</summary>
    public const int Sweeps = 500;

    /// <summary>Updates at most of a held-out row, where the options do not say.</summary>
    public const int ProjectionSteps = 200;

    /// <summary>Updates at most of a row that is new where a finished fit goes on, before the first sweep.</summary>
    public const int StepsOfNewRow = 20;

    /// <summary>Updates of a new row under each component alone, before one is chosen to start from.</summary>
    public const int StepsUnderComponent = 5;

    /// <summary>
    /// By how much the ELBO of a new row that started under a component must be above that of its start at the prior's mean (nats, as
    /// exp(3) = 20 to 1). Optima that are nearer to each other are no evidence of one component: their bounds differ by as much.
    /// </summary>
    public const double LeastGainOfStart = 3;

    /// <summary>The relative gain of the objective in one sweep below which a fit has converged, where the options do not say.</summary>
    public const double Tolerance = 1e-5;

    /// <summary>The same for a single row with columns fixed.</summary>
    public const double RowTolerance = 1e-9;

    /// <summary>Draws at most of a check between sweeps.</summary>
    public const int CheckDraws = 20;

    /// <summary>
    /// By what share of itself a score of validation cells must be below another to count as worse: less is noise of 20 draws, and of the
    /// cells themselves.
    /// </summary>
    public const double CheckMargin = 0.01;

    /// <summary>
    /// Sweeps after the best state, at least (and as many as it had), in which validation scores stay worse before a restart is stopped.
    /// </summary>
    public const int Patience = 20;

    /// <summary>Draws at most in the choice of a spread.</summary>
    public const int SpreadDraws = 100;

    /// <summary>
    /// Spreads of draws that are tried where counts are overdispersed: a factor of the variance of all that is drawn, three a decade.
    /// </summary>
    public static IReadOnlyList<double> Spreads { get; } =
        [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6];

    /// <summary>
    /// How often in a fit a restart may begin anew with counts that weigh less; later restarts begin with the best such weight.
    /// </summary>
    public const int MostTempers = 5;

    /// <summary>
    /// Of overdispersed counts without a validation set: the share of the training cells that is set aside to choose by.
    /// </summary>
    public const double SliceShare = 0.1;

    /// <summary>How many cells that are at most.</summary>
    public const double MostSliceCells = 100_000;

    /// <summary>By how much more they then weigh less, at least.</summary>
    public const double TemperStep = 4;

    /// <summary>
    /// Root mean squared errors of validation cells by less of which one weight is worse than another count as equal: the score tells then.
    /// </summary>
    public const double ErrorMargin = 0.03;

    /// <summary>Rows that are looked at for each component when it starts.</summary>
    public const int CandidatesPerComponent = 4;

    /// <summary>The objective of a round that has none: the state may hold no NaN.</summary>
    public const double NoObjective = -1e300;
}

using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>Fits single rows with columns and prior fixed. Not thread-safe.</summary>
internal interface IConjugateRowFitter
{
    /// <summary>
    /// Updates a row until its part of the ELBO gains less than the tolerance (relative), or for so many steps; the state is in the shard.
    /// False: its posterior is not finite, its state is as it was, and there are no moments.
    /// </summary>
    bool Fit(ArraySet shard, int row, int steps, double tolerance);

    /// <summary>
    /// The same for a row that no sweep has seen, from its state (<see cref="IConjugateLikelihood.NewRows"/>) and from other starts where
    /// there may be other optima.
    /// </summary>
    bool FitNew(ArraySet shard, int row, int steps, double tolerance);

    /// <summary>
    /// Poisson: over the training cells of the rows that <see cref="Fit"/> fitted the sums of (x - r)^2, of r, of r^2 and of (x - r)^2 / r,
    /// r the rate, and their number; empty for other likelihoods.
    /// </summary>
    double[] Misfit => [];

    /// <summary>Posterior means and standard deviations of the row last fitted.</summary>
    void Moments(Span<double> mean, Span<double> sd);
}

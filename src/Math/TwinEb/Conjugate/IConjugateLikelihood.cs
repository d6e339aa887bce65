using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The part of the conjugate optimizer that depends on the likelihood. What it keeps at the coordinator are its <see cref="Parameters"/>;
/// what it keeps of the rows are the shard's arrays that start with "row.".
/// </summary>
internal interface IConjugateLikelihood
{
    /// <summary>Whether cells that are neither stored nor excluded are observed zeros.</summary>
    bool ZerosAreImplied { get; }

    /// <summary>Its arrays of columns and priors at the coordinator.</summary>
    ConjugateParameters Parameters { get; }

    /// <summary>Whether draws of its posteriors can be spread: the state then has <see cref="ConjugateKeys.ColumnSpread"/>.</summary>
    bool Spreads => false;

    /// <summary>Columns and priors of no model (<see cref="ConjugateColumnMeans"/>), where <see cref="Spreads"/> is true.</summary>
    void StartColumnMeans(StateSet<ConjugateField> state) => throw new NotSupportedException("this likelihood has no such state");

    /// <summary>Its arrays of rows at a shard.</summary>
    IReadOnlyList<StateKey> RowState { get; }

    /// <summary>Adds the sums over training cells that the start and the objective need to the partial of the first round.</summary>
    void Describe(ConjugateRow row, bool zerosMissing, ArraySet partial);

    /// <summary>Columns and priors at the start of a restart: of one component, or a finished fit's.</summary>
    /// <param name="state">The state.</param>
    /// <param name="seed">The restart's seed.</param>
    /// <param name="from">The finished fit, or null.</param>
    void StartColumns(StateSet<ConjugateField> state, ulong seed, TwinEbStart? from);

    /// <summary>
    /// Rows at the start of a restart, or where a finished fit goes on (<see cref="ConjugateKeys.GoesOn"/>) as it says of them.
    /// </summary>
    void StartRows(ShardData data, ArraySet broadcast, ArraySet shard, ulong seed);

    /// <summary>Adds what shards need of the state in a scope to a broadcast; for a score also what draws of columns need.</summary>
    void Broadcast(StateSet<ConjugateField> state, string scope, bool forScore, ArraySet broadcast);

    /// <summary>
    /// One update of the training rows; the partial has "elbo", the sums for columns and priors, and no more. Of the candidates (training
    /// rows of the shard, ascending) the points that choose where components start are written, 2 x factors numbers each. The failed row is
    /// the first whose posterior is not finite, which keeps the state it had (-1: none).
    /// </summary>
    ArraySet Sweep(
        ShardData data, ArraySet broadcast, ArraySet shard, ReadOnlySpan<int> candidates, Span<double> points, out int failedRow);

    /// <summary>
    /// The coordinator's step in place: the objective of the rows as swept and columns and priors as broadcast (-1e300 where columns are a
    /// start), then both priors, then the likelihood of each column, of which <see cref="Columns"/> makes its posterior.
    /// </summary>
    double Advance(StateSet<ConjugateField> state, ArraySet partial, bool mixtures);

    /// <summary>Adds what <see cref="Columns"/> needs of the state to a broadcast.</summary>
    void BroadcastColumns(ArraySet state, ArraySet broadcast);

    /// <summary>
    /// Posteriors of so many columns: their moments, the statistics of their prior and their part of the ELBO, as parts that add up or are
    /// put one after the other.
    /// </summary>
    /// <param name="from">The state, or a broadcast of it.</param>
    /// <param name="first">The first column.</param>
    /// <param name="count">How many; may be 0.</param>
    ArraySet Columns(ArraySet from, int first, int count);

    /// <summary>From one component a side to as many as the options say: the columns' moments are those of one.</summary>
    void Split(StateSet<ConjugateField> state, double[] candidates, ulong seed);

    /// <summary>
    /// A fitter of single rows with columns and prior as broadcast, which measures its <see cref="IConjugateRowFitter.Misfit"/> or not.
    /// </summary>
    IConjugateRowFitter RowFitter(ShardData data, ArraySet broadcast, bool measuresMisfit = false);

    /// <summary>Makes the state of so many rows what the prior says: for rows that no sweep has seen.</summary>
    void NewRows(ArraySet broadcast, ArraySet shard, int rows);

    /// <summary>Draws of q of the shard's rows, of which the variances are so many times as large.</summary>
    ISideSampler RowSampler(ShardData data, ArraySet broadcast, ArraySet shard, IConjugateRowFitter fitter, double spread);

    /// <summary>Draws of q of all columns, likewise.</summary>
    ISideSampler ColumnSampler(ArraySet broadcast, double spread);

    /// <summary>Columns and priors of the state in a scope as results.</summary>
    void Results(ArraySet state, string scope, ArraySet results);
}

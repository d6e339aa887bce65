using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The Gaussian model: x_ij ~ N(sum_l u_il v_jl, sd2) on training cells, all others missing; normal mixtures on both sides; sd is given.
/// Columns at the coordinator: means and variances (columns x factors), E v v' (packed, columns x L (L + 1) / 2), their part of the ELBO,
/// the statistics of their prior, and A and h of every column.
/// </summary>
internal sealed class ConjugateGaussian(TwinEbOptions options) : IConjugateLikelihood
{
    private readonly int _factors = options.Factors;
    private readonly int _packed = options.Factors * (options.Factors + 1) / 2;
    private readonly ConjugateGaussianStart _start = new(options);

    /// <inheritdoc/>
    public bool ZerosAreImplied => false;

    /// <inheritdoc/>
    public ConjugateParameters Parameters { get; } = new(
    [
        ConjugateKeys.ColumnMeans, ConjugateKeys.ColumnSeconds, ConjugateKeys.ColumnVariances, ConjugateKeys.ColumnTerm,
        ConjugateKeys.RowLevel,
        .. ConjugateKeys.RowPrior.Normal, .. ConjugateKeys.ColumnPrior.Normal, .. ConjugateKeys.ColumnStatistics.Normal,
        ConjugateKeys.ColumnPrecisions, ConjugateKeys.ColumnShifts,
    ]);

    /// <inheritdoc/>
    public void Describe(ConjugateRow row, bool zerosMissing, ArraySet partial)
    {
        var (squares, cells) = (0.0, 0.0);
        for (var i = 0; i < row.Rows; i++)
        {
            if (!row.Cells.IsHeldOutRow(i))
            {
                row.Read(i);
                cells += row.Columns.Length;
                squares += FactorKernel.Dot(row.Values, row.Values);
            }
        }

        partial.Set(ConjugateKeys.Cells, cells).Set(ConjugateKeys.Squares, squares);
    }

    /// <inheritdoc/>
    public void StartColumns(StateSet<ConjugateField> state, ulong seed, TwinEbStart? from) => _start.Columns(state, seed, from);

    /// <inheritdoc/>
    /// <remarks>A row's posterior depends on columns and prior alone: a finished fit's rows are not needed.</remarks>
    public void StartRows(ShardData data, ArraySet broadcast, ArraySet shard, ulong seed)
    {
        var level = broadcast.Scalar(ConjugateKeys.RowLevel);
        var means = new double[data.Block.Rows * _factors];
        for (var at = 0; at < means.Length; at++)
        {
            means[at] = level * ConjugateDraw.Normal(seed, ConjugateDraw.RowStart, 0, data.FirstRow + (at / _factors), at % _factors);
        }

        SetRows(shard, means, data.Block.Rows);
    }

    /// <inheritdoc/>
    public void Broadcast(StateSet<ConjugateField> state, string scope, bool forScore, ArraySet broadcast)
    {
        StateKey[] keys =
        [
            ConjugateKeys.ColumnMeans, ConjugateKeys.ColumnSeconds, ConjugateKeys.RowLevel, .. ConjugateKeys.RowPrior.Normal,
            .. forScore
                ? [ConjugateKeys.ColumnPrecisions, ConjugateKeys.ColumnShifts, .. ConjugateKeys.ColumnPrior.Normal]
                : (StateKey[])[],
        ];
        ConjugateParameters.Broadcast(state.Arrays, scope, keys, broadcast);
    }

    /// <inheritdoc/>
    public ArraySet Sweep(
        ShardData data, ArraySet broadcast, ArraySet shard, ReadOnlySpan<int> candidates, Span<double> points, out int failedRow)
    {
        var partial = new ConjugateGaussianRows(data, broadcast, options).Sweep(
            shard, broadcast.Get(ConjugateKeys.RowPrior.Weights).Length, out failedRow);
        for (var c = 0; c < candidates.Length; c++)
        {
            var point = points.Slice(2 * c * _factors, 2 * _factors);
            shard.Get(ConjugateKeys.RowMeans).AsSpan(candidates[c] * _factors, _factors).CopyTo(point);
            shard.Get(ConjugateKeys.RowVariances).AsSpan(candidates[c] * _factors, _factors).CopyTo(point[_factors..]);
        }

        return partial;
    }

    /// <inheritdoc/>
    public double Advance(StateSet<ConjugateField> state, ArraySet partial, bool mixtures)
    {
        var (rowPrior, columnPrior) = (ConjugateNormalPrior.Read(state.Arrays, ConjugateKeys.RowPrior),
            ConjugateNormalPrior.Read(state.Arrays, ConjugateKeys.ColumnPrior));
        var term = state.Arrays.Scalar(ConjugateKeys.ColumnTerm);
        var first = term <= ConjugateSettings.NoObjective;
        var variance = options.NoiseSd * options.NoiseSd;
        var constant = -(0.5 * state[ConjugateField.Squares] / variance) -
            (state[ConjugateField.Cells] * (NormalDistribution.LogRootTwoPi + double.Log(options.NoiseSd)));
        var objective = first
            ? ConjugateSettings.NoObjective
            : partial.Scalar(ConjugateKeys.Elbo) + term + constant + Penalty(rowPrior, options.IsRowMixture && mixtures) +
                Penalty(columnPrior, options.IsColumnMixture && mixtures);
        Step(rowPrior, ConjugateNormalStatistics.Read(partial, ConjugateKeys.RowStatistics), !options.LearnsRowPrior, options.IsRowMixture,
            mixtures).Write(state.Arrays, ConjugateKeys.RowPrior);
        if (!first)
        {
            Step(columnPrior, ConjugateNormalStatistics.Read(state.Arrays, ConjugateKeys.ColumnStatistics), !options.LearnsColumnPrior,
                options.IsColumnMixture, mixtures)
                .Write(state.Arrays, ConjugateKeys.ColumnPrior);
        }

        state.Put(ConjugateKeys.ColumnPrecisions, partial.Get(ConjugateKeys.ColumnPrecisions), [options.Columns, _packed]);
        state.Put(ConjugateKeys.ColumnShifts, partial.Get(ConjugateKeys.ColumnShifts), [options.Columns, _factors]);
        return objective;
    }

    /// <inheritdoc/>
    public void BroadcastColumns(ArraySet state, ArraySet broadcast)
    {
        broadcast.Set(state.Get(ConjugateKeys.ColumnPrecisions.Name)).Set(state.Get(ConjugateKeys.ColumnShifts.Name));
        ConjugateNormalPrior.Read(state, ConjugateKeys.ColumnPrior).Write(broadcast, ConjugateKeys.ColumnPrior);
    }

    /// <inheritdoc/>
    public ArraySet Columns(ArraySet from, int first, int count)
    {
        var prior = ConjugateNormalPrior.Read(from, ConjugateKeys.ColumnPrior);
        var (precisions, shifts) = (from.Get(ConjugateKeys.ColumnPrecisions), from.Get(ConjugateKeys.ColumnShifts));
        var (means, variances, seconds) = (new double[count * _factors], new double[count * _factors], new double[count * _packed]);
        var statistics = new ConjugateNormalStatistics(prior.Components, _factors);
        var posterior = new ConjugateNormalPosterior(prior);
        var term = 0.0;
        for (var j = 0; j < count; j++)
        {
            var a = precisions.AsSpan((first + j) * _packed, _packed);
            var h = shifts.AsSpan((first + j) * _factors, _factors);
            term += posterior.Evaluate(a, h) - posterior.Fit(a, h);
            posterior.AddTo(statistics);
            posterior.Mean.CopyTo(means, j * _factors);
            posterior.Variance.CopyTo(variances, j * _factors);
            posterior.Second.CopyTo(seconds, j * _packed);
        }

        int[] shape = [count, _factors];
        var part = new ArraySet().Set(ConjugateKeys.ColumnMeans, means, shape).Set(ConjugateKeys.ColumnVariances, variances, shape)
            .Set(ConjugateKeys.ColumnSeconds, seconds, [count, _packed]).Set(ConjugateKeys.ColumnTerm, term);
        statistics.Write(part, ConjugateKeys.ColumnStatistics);
        return part;
    }

    /// <inheritdoc/>
    public void Split(StateSet<ConjugateField> state, double[] candidates, ulong seed) => _start.Split(state, candidates, seed);

    /// <inheritdoc/>
    public IConjugateRowFitter RowFitter(ShardData data, ArraySet broadcast, bool measuresMisfit = false) =>
        new ConjugateGaussianRows(data, broadcast, options);

    /// <inheritdoc/>
    public IReadOnlyList<StateKey> RowState { get; } = [ConjugateKeys.RowMeans, ConjugateKeys.RowVariances];

    /// <inheritdoc/>
    /// <remarks>The posterior of a row does not depend on where it starts.</remarks>
    public void NewRows(ArraySet broadcast, ArraySet shard, int rows) => SetRows(shard, new double[rows * _factors], rows);

    /// <inheritdoc/>
    public ISideSampler RowSampler(ShardData data, ArraySet broadcast, ArraySet shard, IConjugateRowFitter fitter, double spread) =>
        ((ConjugateGaussianRows)fitter).Sampler;

    /// <inheritdoc/>
    public ISideSampler ColumnSampler(ArraySet broadcast, double spread)
    {
        var (precisions, shifts) = (broadcast.Get(ConjugateKeys.ColumnPrecisions), broadcast.Get(ConjugateKeys.ColumnShifts));
        var posterior = new ConjugateNormalPosterior(ConjugateNormalPrior.Read(broadcast, ConjugateKeys.ColumnPrior));
        var sampler = new ConjugateNormalSampler(options, ConjugateDraw.ColumnScore, 0, options.Columns);
        for (var j = 0; j < options.Columns; j++)
        {
            posterior.Evaluate(precisions.AsSpan(j * _packed, _packed), shifts.AsSpan(j * _factors, _factors));
            sampler.Add(j, posterior);
        }

        return sampler;
    }

    /// <inheritdoc/>
    public void Results(ArraySet state, string scope, ArraySet results)
    {
        int[] shape = [options.Columns, _factors];
        results.Set("columns_mean", state.Get(ConjugateKeys.ColumnMeans.In(scope)), shape)
            .Set("columns_sd", [.. state.Get(ConjugateKeys.ColumnVariances.In(scope)).Select(v => double.Sqrt(v))], shape)
            .Set("columns_second", state.Get(ConjugateKeys.ColumnSeconds.In(scope)), [options.Columns, _packed]);
        PriorResults(ConjugateNormalPrior.Read(state, ConjugateKeys.RowPrior.In(scope)), "row_prior", results);
        PriorResults(ConjugateNormalPrior.Read(state, ConjugateKeys.ColumnPrior.In(scope)), "column_prior", results);
    }

    private void SetRows(ArraySet shard, double[] means, int rows)
    {
        int[] shape = [rows, _factors];
        shard.Set(ConjugateKeys.RowMeans, means, shape).Set(ConjugateKeys.RowVariances, new double[means.Length], shape);
    }

    private static void PriorResults(ConjugateNormalPrior prior, string name, ArraySet results)
    {
        int[] shape = [prior.Components, prior.Factors];
        results.Set(name + "_weight", prior.Weights).Set(name + "_mean", prior.Means, shape).Set(
            name + "_sd", [.. prior.Variances.Select(v => double.Sqrt(v))], shape);
    }

    private static double Penalty(ConjugateNormalPrior prior, bool applies) => applies ? prior.Penalty(ConjugateSettings.Strength) : 0;

    private ConjugateNormalPrior Step(
        ConjugateNormalPrior prior, ConjugateNormalStatistics statistics, bool isFixed, bool isMixture, bool mixtures) =>
        isFixed ? prior
        : !isMixture ? ConjugateNormalStep.Shared(prior, statistics, ConjugateNormalPrior.LeastVariance(options))
        : ConjugateNormalStep.Mixture(
            prior, statistics, mixtures ? ConjugateSettings.Strength : 0, ConjugateNormalPrior.LeastVariance(options));

}

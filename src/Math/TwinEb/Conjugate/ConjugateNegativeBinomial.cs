using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The negative binomial model: x_ij ~ Poisson(theta_ij sum_l u_il v_jl), theta_ij ~ Gamma(a, a) integrated out, Gamma mixtures on both
/// sides (docs/twineb-default.md, "Negative binomial"). Columns at the coordinator: s, t, c, E log v, E v, 1 / E (1 / v), their part of the
/// ELBO, and the statistics of their prior; and the dispersion a.
/// </summary>
internal sealed class ConjugateNegativeBinomial(TwinEbOptions options) : IConjugateLikelihood
{
    // Beyond, counts are Poisson to what 1e5 of them could tell; below, all but a few are 0.
    private const double LeastDispersion = 1e-3;
    private const double GreatestDispersion = 1e5;

    private readonly int _factors = options.Factors;
    private readonly ConjugatePoisson _poisson = new(options);
    private readonly ConjugatePoissonStart _start = new(options);
    private readonly ConjugateGammaPriors _priors = new(options);

    /// <inheritdoc/>
    public bool ZerosAreImplied => true;

    /// <inheritdoc/>
    public ConjugateParameters Parameters { get; } = new(
    [
        ConjugateKeys.ColumnSums, ConjugateKeys.ColumnCounts, ConjugateKeys.ColumnRates, ConjugateKeys.ColumnInverses,
        ConjugateKeys.ColumnLogs, ConjugateKeys.ColumnMeans, ConjugateKeys.ColumnHarmonics, ConjugateKeys.ColumnTerm,
        ConjugateKeys.RowLevel, ConjugateKeys.Dispersion,
        .. ConjugateKeys.RowPrior.Gamma, .. ConjugateKeys.ColumnPrior.Gamma, .. ConjugateKeys.ColumnStatistics.Gamma,
    ]);

    /// <inheritdoc/>
    public void Describe(ConjugateRow row, bool zerosMissing, ArraySet partial) => _poisson.Describe(row, zerosMissing, partial);

    /// <inheritdoc/>
    public void StartColumns(StateSet<ConjugateField> state, ulong seed, TwinEbStart? from)
    {
        _start.Columns(state, seed, from);
        var means = state[ConjugateKeys.ColumnMeans];
        int[] shape = [options.Columns, _factors];
        state.Put(ConjugateKeys.ColumnRates, new double[means.Length], shape);
        state.Put(ConjugateKeys.ColumnInverses, new double[means.Length], shape);
        state.Put(ConjugateKeys.ColumnHarmonics, Harmonics(means, state[ConjugateKeys.ColumnLogs]), shape);
        state.Arrays.Set(ConjugateKeys.Dispersion, from?.Dispersion ?? 1);
    }

    /// <inheritdoc/>
    public void StartRows(ShardData data, ArraySet broadcast, ArraySet shard, ulong seed)
    {
        if (broadcast.Scalar(ConjugateKeys.GoesOn) == 0)
        {
            _start.Rows(data, broadcast, shard, seed);
            SetMoments(shard, data.Block.Rows);
            return;
        }

        _poisson.NewRows(broadcast, shard, data.Block.Rows);
        var isKnown = _start.KnownRows(data, broadcast, shard, seed);
        SetMoments(shard, data.Block.Rows);
        using var fitter = new ConjugateNegativeBinomialRows(data, broadcast, _factors);
        ConjugatePoissonStart.FitOthers(isKnown, fitter, shard);
    }

    /// <inheritdoc/>
    public void Broadcast(StateSet<ConjugateField> state, string scope, bool forScore, ArraySet broadcast)
    {
        StateKey[] keys =
        [
            ConjugateKeys.ColumnLogs, ConjugateKeys.ColumnMeans, ConjugateKeys.ColumnHarmonics, ConjugateKeys.RowLevel,
            ConjugateKeys.Dispersion, .. ConjugateKeys.RowPrior.Gamma,
            .. forScore
                ? [ConjugateKeys.ColumnCounts, ConjugateKeys.ColumnRates, ConjugateKeys.ColumnInverses, .. ConjugateKeys.ColumnPrior.Gamma]
                : (StateKey[])[],
        ];
        ConjugateParameters.Broadcast(state.Arrays, scope, keys, broadcast);
    }

    /// <inheritdoc/>
    public ArraySet Sweep(
        ShardData data, ArraySet broadcast, ArraySet shard, ReadOnlySpan<int> candidates, Span<double> points, out int failedRow)
    {
        using var rows = new ConjugateNegativeBinomialRows(data, broadcast, _factors);
        return rows.Sweep(shard, broadcast.Get(ConjugateKeys.RowPrior.Weights).Length, candidates, points, out failedRow);
    }

    /// <inheritdoc/>
    public double Advance(StateSet<ConjugateField> state, ArraySet partial, bool mixtures)
    {
        var objective = _priors.Advance(state, partial, state[ConjugateField.LogFactorials], mixtures);

        // Given q(theta) the ELBO is cells (a log a - log Gamma(a)) + a gap but for what a does not change: log a - digamma(a) is as much.
        var dispersion = GammaShape.OfGap(
            -1 - (partial.Scalar(ConjugateKeys.DispersionGap) / double.Max(state[ConjugateField.Cells], 1)),
            LeastDispersion,
            GreatestDispersion);
        state.Arrays.Set(ConjugateKeys.Dispersion, dispersion);
        SetColumnLikelihoods(state, partial, dispersion);
        return objective;
    }

    /// <inheritdoc/>
    public void BroadcastColumns(ArraySet state, ArraySet broadcast)
    {
        broadcast.Set(state.Get(ConjugateKeys.ColumnCounts.Name)).Set(state.Get(ConjugateKeys.ColumnRates.Name))
            .Set(state.Get(ConjugateKeys.ColumnInverses.Name));
        ConjugateGammaPrior.Read(state, ConjugateKeys.ColumnPrior).Write(broadcast, ConjugateKeys.ColumnPrior);
    }

    /// <inheritdoc/>
    public ArraySet Columns(ArraySet from, int first, int count)
    {
        var prior = ConjugateGammaPrior.Read(from, ConjugateKeys.ColumnPrior);
        var posterior = new ConjugateInversePosterior(prior);
        var column = new ConjugateInverseVectors(from, "", _factors, posterior.Stride);
        var (logs, means, harmonics) = (new double[count * _factors], new double[count * _factors], new double[count * _factors]);
        var term = 0.0;
        for (var j = 0; j < count; j++)
        {
            column.Read(first + j);
            term -= posterior.Divergence(posterior.Evaluate(column.S, column.T, column.C), column.S, column.T, column.C);
            posterior.Accumulate();
            posterior.Log.AsSpan(0, _factors).CopyTo(logs.AsSpan(j * _factors));
            posterior.Mean.AsSpan(0, _factors).CopyTo(means.AsSpan(j * _factors));
            posterior.Harmonic.AsSpan(0, _factors).CopyTo(harmonics.AsSpan(j * _factors));
        }

        int[] shape = [count, _factors];
        var part = new ArraySet().Set(ConjugateKeys.ColumnLogs, logs, shape).Set(ConjugateKeys.ColumnMeans, means, shape)
            .Set(ConjugateKeys.ColumnHarmonics, harmonics, shape).Set(ConjugateKeys.ColumnTerm, term);
        posterior.Statistics(prior.Components).Write(part, ConjugateKeys.ColumnStatistics);
        return part;
    }

    /// <inheritdoc/>
    public void Split(StateSet<ConjugateField> state, double[] candidates, ulong seed) =>
        _start.Split(state, candidates, areMoments: true, seed);

    /// <inheritdoc/>
    public IConjugateRowFitter RowFitter(ShardData data, ArraySet broadcast, bool measuresMisfit = false) =>
        new ConjugateNegativeBinomialRows(data, broadcast, _factors);

    /// <inheritdoc/>
    public IReadOnlyList<StateKey> RowState => ConjugateNegativeBinomialRows.StateArrays;

    /// <inheritdoc/>
    public void NewRows(ArraySet broadcast, ArraySet shard, int rows)
    {
        _poisson.NewRows(broadcast, shard, rows);
        SetMoments(shard, rows);
    }

    /// <inheritdoc/>
    public ISideSampler RowSampler(ShardData data, ArraySet broadcast, ArraySet shard, IConjugateRowFitter fitter, double spread)
    {
        var fitted = ((ConjugateNegativeBinomialRows)fitter).Fitted;
        return new ConjugateInverseSampler(
            ConjugateGammaPrior.Read(broadcast, ConjugateKeys.RowPrior), fitted, options.Seed, ConjugateDraw.RowScore, data.FirstRow);
    }

    /// <inheritdoc/>
    public ISideSampler ColumnSampler(ArraySet broadcast, double spread)
    {
        var column = new ConjugateInverseVectors(broadcast, "", _factors, _factors);
        var all = new double[options.Columns * 3 * _factors];
        for (var j = 0; j < options.Columns; j++)
        {
            column.Read(j);
            var to = all.AsSpan(j * 3 * _factors);
            column.S.CopyTo(to);
            column.T.CopyTo(to[_factors..]);
            column.C.CopyTo(to[(2 * _factors)..]);
        }

        return new ConjugateInverseSampler(
            ConjugateGammaPrior.Read(broadcast, ConjugateKeys.ColumnPrior), all, options.Seed, ConjugateDraw.ColumnScore, 0);
    }

    /// <inheritdoc/>
    public void Results(ArraySet state, string scope, ArraySet results)
    {
        var prior = ConjugateGammaPrior.Read(state, ConjugateKeys.ColumnPrior.In(scope));
        var posterior = new ConjugateInversePosterior(prior);
        var column = new ConjugateInverseVectors(state, scope, _factors, posterior.Stride);
        var sd = new double[options.Columns * _factors];
        for (var j = 0; j < options.Columns; j++)
        {
            column.Read(j);
            posterior.Evaluate(column.S, column.T, column.C);
            posterior.Variances(column.S, column.T, column.C);
            for (var l = 0; l < _factors; l++)
            {
                sd[(j * _factors) + l] = double.Sqrt(posterior.Variance[l]);
            }
        }

        int[] shape = [options.Columns, _factors];
        results.Set("columns_mean", state.Get(ConjugateKeys.ColumnMeans.In(scope)), shape).Set("columns_sd", sd, shape)
            .Set("columns_log_mean", state.Get(ConjugateKeys.ColumnLogs.In(scope)), shape)
            .Set("columns_harmonic_mean", state.Get(ConjugateKeys.ColumnHarmonics.In(scope)), shape)
            .Set("dispersion", state.Scalar(ConjugateKeys.Dispersion.In(scope)));
        ConjugateGammaPriors.Results(state, scope, results);
    }

    // Of a start: as of a log-normal of these moments.
    private static double[] Harmonics(double[] means, double[] logs)
    {
        var harmonics = new double[means.Length];
        for (var at = 0; at < means.Length; at++)
        {
            harmonics[at] = means[at] > 0 ? double.Min(means[at], double.Exp(2 * logs[at]) / means[at]) : 0;
        }

        return harmonics;
    }

    // Rows of which E log u alone is known are points there.
    private void SetMoments(ArraySet shard, int rows)
    {
        double[] points = [.. shard.Get(ConjugateKeys.RowLogs).Select(double.Exp)];
        shard.Set(ConjugateKeys.RowMeans, points, [rows, _factors])
            .Set(ConjugateKeys.RowHarmonics, (double[])points.Clone(), [rows, _factors]);
    }

    // s, t and c of every column from the sums over rows, with the dispersion as it now is.
    private void SetColumnLikelihoods(StateSet<ConjugateField> state, ArraySet partial, double dispersion)
    {
        var (shares, rates) = (partial.Get(ConjugateKeys.PartialCounts), partial.Get(ConjugateKeys.PartialAbsent));
        var (centred, inverses) = (partial.Get(ConjugateKeys.PartialCentred), partial.Get(ConjugateKeys.PartialInverses));
        var (logs, harmonics) = (state[ConjugateKeys.ColumnLogs], state[ConjugateKeys.ColumnHarmonics]);
        var (s, t, c) = (new double[shares.Length], new double[shares.Length], new double[shares.Length]);
        for (var j = 0; j < options.Columns; j++)
        {
            ConjugateGammaPosterior.WeightsOf(logs.AsSpan(j * _factors, _factors), s.AsSpan(j * _factors, _factors));
        }

        for (var at = 0; at < s.Length; at++)
        {
            s[at] *= shares[at];
            t[at] = rates[at] + (dispersion * centred[at]);
            c[at] = dispersion * inverses[at] * harmonics[at] * harmonics[at];
        }

        int[] shape = [options.Columns, _factors];
        state.Put(ConjugateKeys.ColumnCounts, s, shape);
        state.Put(ConjugateKeys.ColumnRates, t, shape);
        state.Put(ConjugateKeys.ColumnInverses, c, shape);
    }
}

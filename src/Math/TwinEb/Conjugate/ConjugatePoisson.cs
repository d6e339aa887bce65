using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The Poisson model: x_ij ~ Poisson(sum_l u_il v_jl), Gamma mixtures on both sides. Columns at the coordinator: s, t (of all columns, or,
/// where no cell is excluded and zeros are data, once), E log v, E v (each columns x factors), their part of the ELBO, and the statistics
/// of their prior.
/// </summary>
internal sealed class ConjugatePoisson(TwinEbOptions options) : IConjugateLikelihood
{
    private readonly int _factors = options.Factors;
    private readonly ConjugatePoissonStart _start = new(options);
    private readonly ConjugateGammaPriors _priors = new(options);

    /// <inheritdoc/>
    public bool ZerosAreImplied => true;

    /// <inheritdoc/>
    public bool Spreads => true;

    /// <inheritdoc/>
    public ConjugateParameters Parameters { get; } = new(
    [
        ConjugateKeys.ColumnSums, ConjugateKeys.ColumnCounts, ConjugateKeys.ColumnRates, ConjugateKeys.ColumnLogs,
        ConjugateKeys.ColumnMeans, ConjugateKeys.ColumnTerm, ConjugateKeys.RowLevel, ConjugateKeys.ColumnSpread, ConjugateKeys.ColumnPower,
        .. ConjugateKeys.RowPrior.Gamma, .. ConjugateKeys.ColumnPrior.Gamma, .. ConjugateKeys.ColumnStatistics.Gamma,
    ]);

    /// <inheritdoc/>
    public void Describe(ConjugateRow row, bool zerosMissing, ArraySet partial)
    {
        var (sum, cells, excluded, logFactorials) = (0.0, 0.0, 0L, 0.0);
        var (columnSums, columnCells) = (new double[options.Columns], new double[options.Columns]);
        for (var i = 0; i < row.Rows; i++)
        {
            if (!row.Cells.IsHeldOutRow(i))
            {
                row.Read(i);
                cells += zerosMissing ? row.Columns.Length : options.Columns - row.Excluded.Length;
                excluded += row.Excluded.Length;
                foreach (var column in zerosMissing ? [] : row.Excluded)
                {
                    columnCells[column]--;
                }

                for (var e = 0; e < row.Columns.Length; e++)
                {
                    var x = row.Values[e];
                    sum += x;
                    columnSums[row.Columns[e]] += x;
                    columnCells[row.Columns[e]] += zerosMissing ? 1 : 0;
                    logFactorials += x > 1 ? GammaFunctions.LogGamma(x + 1) : 0;
                }
            }
        }

        partial.Set(ConjugateKeys.Sum, sum).Set(ConjugateKeys.Cells, cells).Set(ConjugateKeys.ExcludedCells, excluded)
            .Set(ConjugateKeys.LogFactorials, logFactorials).Set(ConjugateKeys.ColumnSums, columnSums)
            .Set(ConjugateKeys.ColumnCells, [.. columnCells.Select(c => zerosMissing ? c : row.Cells.TrainingRows + c)]);
    }

    /// <inheritdoc/>
    public void StartColumns(StateSet<ConjugateField> state, ulong seed, TwinEbStart? from)
    {
        _start.Columns(state, seed, from);
        state.Arrays.Set(ConjugateKeys.ColumnSpread, 1).Set(
            ConjugateKeys.ColumnPower, 1 / double.Max(1, state[ConjugateField.Temper]));
    }

    /// <inheritdoc/>
    public void StartRows(ShardData data, ArraySet broadcast, ArraySet shard, ulong seed)
    {
        if (broadcast.Scalar(ConjugateKeys.GoesOn) == 0)
        {
            _start.Rows(data, broadcast, shard, seed);
            return;
        }

        NewRows(broadcast, shard, data.Block.Rows);
        var isKnown = _start.KnownRows(data, broadcast, shard, seed);
        using var fitter = new ConjugatePoissonRows(data, broadcast, _factors);
        ConjugatePoissonStart.FitOthers(isKnown, fitter, shard);
    }

    /// <inheritdoc/>
    public void Broadcast(StateSet<ConjugateField> state, string scope, bool forScore, ArraySet broadcast)
    {
        broadcast.Set(ConjugateKeys.HasAbsent, AnyAbsent(state) ? 1 : 0);
        StateKey[] keys =
        [
            ConjugateKeys.ColumnLogs, ConjugateKeys.ColumnMeans, ConjugateKeys.RowLevel, ConjugateKeys.ColumnSpread,
            ConjugateKeys.ColumnPower, .. ConjugateKeys.RowPrior.Gamma,
            .. forScore ? [ConjugateKeys.ColumnCounts, ConjugateKeys.ColumnRates, .. ConjugateKeys.ColumnPrior.Gamma] : (StateKey[])[],
        ];
        ConjugateParameters.Broadcast(state.Arrays, scope, keys, broadcast);
    }

    /// <inheritdoc/>
    public ArraySet Sweep(
        ShardData data, ArraySet broadcast, ArraySet shard, ReadOnlySpan<int> candidates, Span<double> points, out int failedRow)
    {
        using var rows = new ConjugatePoissonRows(data, broadcast, _factors);
        return rows.Sweep(shard, broadcast.Get(ConjugateKeys.RowPrior.Weights).Length, candidates, points, out failedRow);
    }

    /// <inheritdoc/>
    public double Advance(StateSet<ConjugateField> state, ArraySet partial, bool mixtures)
    {
        var objective = _priors.Advance(
            state, partial, state.Arrays.Scalar(ConjugateKeys.ColumnPower) * state[ConjugateField.LogFactorials], mixtures);
        SetColumnLikelihoods(state, partial);
        return objective;
    }

    /// <summary>Whether a broadcast says that cells are absent; one that says nothing may have some.</summary>
    public static bool HasAbsent(ArraySet broadcast) =>
        !broadcast.Has(ConjugateKeys.HasAbsent) || broadcast.Scalar(ConjugateKeys.HasAbsent) != 0;

    /// <inheritdoc/>
    public void BroadcastColumns(ArraySet state, ArraySet broadcast)
    {
        broadcast.Set(state.Get(ConjugateKeys.ColumnCounts.Name)).Set(state.Get(ConjugateKeys.ColumnRates.Name));
        ConjugateGammaPrior.Read(state, ConjugateKeys.ColumnPrior).Write(broadcast, ConjugateKeys.ColumnPrior);
    }

    /// <inheritdoc/>
    public ArraySet Columns(ArraySet from, int first, int count)
    {
        var prior = ConjugateGammaPrior.Read(from, ConjugateKeys.ColumnPrior);
        var (s, t) = (from.Get(ConjugateKeys.ColumnCounts), from.Get(ConjugateKeys.ColumnRates));
        var (logs, means) = (new double[count * _factors], new double[count * _factors]);
        // Bounded by all columns, not by these alone: most have their greatest t, or nearly so.
        var posterior = new ConjugateGammaPosterior(prior, Greatest(t));
        var (padS, padT) = (new double[posterior.Stride], new double[posterior.Stride]);
        var term = 0.0;
        for (var j = 0; j < count; j++)
        {
            s.AsSpan((first + j) * _factors, _factors).CopyTo(padS);
            t.AsSpan(RatesAt(t, first + j), _factors).CopyTo(padT);
            term += posterior.Evaluate(padS, padT) - FactorKernel.Dot(padS, posterior.Log) + FactorKernel.Dot(padT, posterior.Mean);
            posterior.Accumulate();
            posterior.Log.AsSpan(0, _factors).CopyTo(logs.AsSpan(j * _factors));
            posterior.Mean.AsSpan(0, _factors).CopyTo(means.AsSpan(j * _factors));
        }

        int[] shape = [count, _factors];
        var part = new ArraySet().Set(ConjugateKeys.ColumnLogs, logs, shape).Set(ConjugateKeys.ColumnMeans, means, shape).Set(
            ConjugateKeys.ColumnTerm, term);
        posterior.Statistics(prior.Components).Write(part, ConjugateKeys.ColumnStatistics);
        return part;
    }

    /// <inheritdoc/>
    public void Split(StateSet<ConjugateField> state, double[] candidates, ulong seed) =>
        _start.Split(state, candidates, areMoments: false, seed);

    /// <inheritdoc/>
    public IConjugateRowFitter RowFitter(ShardData data, ArraySet broadcast, bool measuresMisfit = false) =>
        new ConjugatePoissonRows(data, broadcast, _factors, measuresMisfit);

    /// <inheritdoc/>
    public IReadOnlyList<StateKey> RowState { get; } = [ConjugateKeys.RowLogs];

    /// <inheritdoc/>
    public void NewRows(ArraySet broadcast, ArraySet shard, int rows)
    {
        var prior = ConjugateGammaPrior.Read(broadcast, ConjugateKeys.RowPrior);
        var start = new double[_factors];
        for (var l = 0; l < _factors; l++)
        {
            start[l] = double.Log(prior.Mean(l));
        }

        var logs = new double[rows * _factors];
        for (var i = 0; i < rows; i++)
        {
            start.CopyTo(logs, i * _factors);
        }

        shard.Set(ConjugateKeys.RowLogs, logs, [rows, _factors]);
    }

    /// <inheritdoc/>
    public ISideSampler RowSampler(ShardData data, ArraySet broadcast, ArraySet shard, IConjugateRowFitter fitter, double spread) =>
        new ConjugateGammaSampler(
            ConjugateGammaPrior.Read(broadcast, ConjugateKeys.RowPrior), ((ConjugatePoissonRows)fitter).Counts,
            ((ConjugatePoissonRows)fitter).Rates, options.Seed, ConjugateDraw.RowScore, data.FirstRow, spread);

    /// <inheritdoc/>
    public ISideSampler ColumnSampler(ArraySet broadcast, double spread) => new ConjugateGammaSampler(
        ConjugateGammaPrior.Read(broadcast, ConjugateKeys.ColumnPrior), broadcast.Get(ConjugateKeys.ColumnCounts),
        RatesOfAll(broadcast.Get(ConjugateKeys.ColumnRates)), options.Seed, ConjugateDraw.ColumnScore, 0, spread);

    /// <inheritdoc/>
    public void Results(ArraySet state, string scope, ArraySet results)
    {
        var prior = ConjugateGammaPrior.Read(state, ConjugateKeys.ColumnPrior.In(scope));
        var (s, t, means) = (state.Get(ConjugateKeys.ColumnCounts.In(scope)), state.Get(ConjugateKeys.ColumnRates.In(scope)),
            state.Get(ConjugateKeys.ColumnMeans.In(scope)));
        var (sd, spread) = (new double[means.Length], state.Scalar(ConjugateKeys.ColumnSpread.In(scope)));
        var posterior = new ConjugateGammaPosterior(prior, Greatest(t));
        var (padS, padT) = (new double[posterior.Stride], new double[posterior.Stride]);
        for (var j = 0; j < options.Columns; j++)
        {
            s.AsSpan(j * _factors, _factors).CopyTo(padS);
            t.AsSpan(RatesAt(t, j), _factors).CopyTo(padT);
            posterior.Evaluate(padS, padT);
            posterior.Variances(padS, padT, spread);
            for (var l = 0; l < _factors; l++)
            {
                sd[(j * _factors) + l] = double.Sqrt(posterior.Variance[l]);
            }
        }

        int[] shape = [options.Columns, _factors];
        results.Set("columns_mean", means, shape).Set("columns_sd", sd, shape).Set(
            "columns_log_mean", state.Get(ConjugateKeys.ColumnLogs.In(scope)), shape).Set("spread", spread)
            .Set("temper", 1 / state.Scalar(ConjugateKeys.ColumnPower.In(scope)));
        ConjugateGammaPriors.Results(state, scope, results);
    }

    /// <inheritdoc/>
    public void StartColumnMeans(StateSet<ConjugateField> state) => ConjugateColumnMeans.Start(state, this, options);

    // Whether a cell of a training row is excluded, or zeros are missing, anywhere in the data: t then differs from column to column.
    private static bool AnyAbsent(StateSet<ConjugateField> state) =>
        state.Is(ConjugateField.ZerosMissing) || state[ConjugateField.ExcludedCells] > 0;

    // s and t of every column from the sums over rows.
    private void SetColumnLikelihoods(StateSet<ConjugateField> state, ArraySet partial)
    {
        var (shares, absent) = (partial.Get(ConjugateKeys.PartialCounts), partial.Get(ConjugateKeys.PartialAbsent));
        var (totals, logs) = (partial.Get(ConjugateKeys.PartialRowMeans), state[ConjugateKeys.ColumnLogs]);
        var (zerosMissing, power) = (state.Is(ConjugateField.ZerosMissing), state.Arrays.Scalar(ConjugateKeys.ColumnPower));
        var (s, t) = (new double[shares.Length], absent.Length > 0 ? new double[absent.Length] : [.. totals.Select(t => power * t)]);
        for (var j = 0; j < options.Columns; j++)
        {
            ConjugateGammaPosterior.WeightsOf(logs.AsSpan(j * _factors, _factors), s.AsSpan(j * _factors, _factors));
        }

        for (var at = 0; at < s.Length; at++)
        {
            s[at] *= power * shares[at];
        }

        for (var at = 0; at < absent.Length; at++)
        {
            t[at] = power * (zerosMissing ? absent[at] : double.Max(totals[at % _factors] - absent[at], 0));
        }

        state.Put(ConjugateKeys.ColumnCounts, s, [options.Columns, _factors]);
        state.Put(ConjugateKeys.ColumnRates, t, [t.Length / _factors, _factors]);
    }

    // Where a column's rates are: all have the same ones where nothing is absent, and these are there once.
    private int RatesAt(double[] t, int column) => t.Length == _factors ? 0 : column * _factors;

    private double[] RatesOfAll(double[] t)
    {
        var all = new double[options.Columns * _factors];
        for (var j = 0; j < options.Columns; j++)
        {
            t.AsSpan(RatesAt(t, j), _factors).CopyTo(all.AsSpan(j * _factors));
        }

        return all;
    }

    // The greatest t of each factor: most columns have it, or nearly so.
    private double[] Greatest(double[] t)
    {
        var greatest = new double[_factors];
        for (var at = 0; at < t.Length; at++)
        {
            greatest[at % _factors] = double.Max(greatest[at % _factors], t[at]);
        }

        return greatest;
    }
}

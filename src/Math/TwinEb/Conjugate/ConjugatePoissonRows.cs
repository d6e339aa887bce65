using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The rows of a shard under the Poisson model. A row's update (docs/twineb-default.md, section 2): the counts split over factors in
/// proportion to exp(E log u_il + E log v_jl), s_il = sum_j of its share, t_il = sum of E v_jl over training cells, zeros included; then
/// the exact posterior of (u_i, component) under its prior. State: E log u, rows x factors; s and t follow from it and the columns.
/// </summary>
internal sealed class ConjugatePoissonRows : IConjugateRowFitter, IDisposable
{
    private readonly int _factors;
    private readonly int _stride;
    private readonly bool _zerosMissing;
    private readonly bool _hasAbsent;
    private readonly double _spread;
    private readonly double _power;
    private readonly ConjugatePoissonMisfit? _misfit;
    private readonly ConjugatePoissonColumns _columns;
    private readonly ConjugateGammaPosterior _posterior;
    private readonly ConjugateRow _row;
    private readonly double[] _s;
    private readonly double[] _t;
    private readonly double[] _weight;
    private readonly double[] _otherCounts;
    private readonly double[] _bestWeight;
    private double[] _rates = [];
    private double[] _fittedCounts = [];
    private double[] _fittedRates = [];

    public ConjugatePoissonRows(ShardData data, ArraySet broadcast, int factors, bool measuresMisfit = false)
    {
        _factors = factors;
        _columns = new ConjugatePoissonColumns(broadcast, factors);
        _stride = _columns.Stride;
        _zerosMissing = data.Block.IsSparse && data.Block.Unstored == UnstoredEntries.Missing;
        _hasAbsent = ConjugatePoisson.HasAbsent(broadcast);
        _spread = broadcast.Scalar(ConjugateKeys.ColumnSpread);
        _power = broadcast.Scalar(ConjugateKeys.ColumnPower);
        _misfit = measuresMisfit ? new ConjugatePoissonMisfit(_columns, _zerosMissing) : null;
        _posterior = new ConjugateGammaPosterior(ConjugateGammaPrior.Read(broadcast, ConjugateKeys.RowPrior), _columns.Totals);
        _row = new ConjugateRow(data, zerosAreImplied: true);
        (_s, _t, _weight) = (new double[_stride], new double[_stride], new double[_stride]);
        (_otherCounts, _bestWeight) = (new double[_stride], new double[_stride]);
    }

    /// <summary>
    /// s of the rows that <see cref="Fit"/> has fitted, rows x factors; 0 of others, and of all where no cell is held out.
    /// </summary>
    public double[] Counts => _fittedCounts.Length > 0 ? _fittedCounts : _fittedCounts = new double[_row.Rows * _factors];

    /// <summary>t of the rows that <see cref="Fit"/> has fitted, rows x factors; 0 of others.</summary>
    public double[] Rates => _fittedRates.Length > 0 ? _fittedRates : _fittedRates = new double[_row.Rows * _factors];

    /// <summary>One update of every training row, and what the coordinator needs for columns, priors and ELBO.</summary>
    /// <param name="shard">The shard's state.</param>
    /// <param name="components">The components of the rows' prior.</param>
    /// <param name="candidates">Training rows of which s and t are wanted, ascending.</param>
    /// <param name="points">Their s and t, candidates x 2 x factors.</param>
    /// <param name="failedRow">
    /// The first row whose posterior is not finite; -1 for none. The sums are then of no use, and such rows keep their state.
    /// </param>
    public ArraySet Sweep(ArraySet shard, int components, ReadOnlySpan<int> candidates, Span<double> points, out int failedRow)
    {
        failedRow = -1;
        using var counts = new RentedArray(_columns.Count * _stride);
        using var absent = new RentedArray(_hasAbsent ? _columns.Count * _stride : 0);
        var means = new double[_stride];
        var elbo = 0.0;
        for (var i = 0; i < _row.Rows; i++)
        {
            if (_row.Cells.IsHeldOutRow(i))
            {
                continue;
            }

            Begin(shard, i);
            var gain = Update() + AddColumns(counts.Values, absent.Values);
            if (!double.IsFinite(gain))
            {
                failedRow = failedRow < 0 ? i : failedRow;
                continue;
            }

            elbo += gain;
            _posterior.Accumulate();
            FactorKernel.AddScaled(1, _posterior.Mean, means);
            StoreLogs(shard, i);
            if (candidates.Length > 0 && candidates[0] == i)
            {
                _s.AsSpan(0, _factors).CopyTo(points);
                _t.AsSpan(0, _factors).CopyTo(points[_factors..]);
                candidates = candidates[1..];
                points = points[(2 * _factors)..];
            }
        }

        // Where no cell of any shard is excluded there is nothing to sum, nor to send.
        var absentColumns = _hasAbsent ? _columns.Count : 0;
        var partial = new ArraySet()
            .Set(ConjugateKeys.Elbo, elbo)
            .Set(ConjugateKeys.PartialCounts, Padding.Without(counts.Values, _columns.Count, _factors), [_columns.Count, _factors])
            .Set(ConjugateKeys.PartialAbsent, Padding.Without(absent.Values, absentColumns, _factors), [absentColumns, _factors])
            .Set(ConjugateKeys.PartialRowMeans, means[.._factors]);
        _posterior.Statistics(components).Write(partial, ConjugateKeys.RowStatistics);
        return partial;
    }

    /// <inheritdoc/>
    public bool Fit(ArraySet shard, int row, int steps, double tolerance)
    {
        Begin(shard, row);
        if (!double.IsFinite(Ascend(steps, tolerance)))
        {
            return false;
        }

        _misfit?.Add(_row, _posterior.Mean);
        Keep(shard, row);
        return true;
    }

    /// <inheritdoc/>
    public double[] Misfit => _misfit?.Sums ?? [];

    /// <inheritdoc/>
    /// <remarks>
    /// Ascent ends in the optimum next to its start, which may be far below another: where a component alone has a factor that the row's
    /// counts need, the row's other start has none of it, and a factor that explains nothing gets no counts. So the row is also tried under
    /// each component alone; from the best of them the ascent is made once more.
    /// </remarks>
    public bool FitNew(ArraySet shard, int row, int steps, double tolerance)
    {
        Begin(shard, row);
        var elbo = Ascend(steps, tolerance);
        if (!double.IsFinite(elbo))
        {
            return false;
        }

        if (_posterior.Active.Length > 1)
        {
            _s.CopyTo(_otherCounts, 0);
            BeginUnderBestComponent();
            var other = Ascend(steps, tolerance);
            if (!(double.IsFinite(other) && other > elbo + ConjugateSettings.LeastGainOfStart))
            {
                _otherCounts.CopyTo(_s, 0);
                _posterior.Evaluate(_s, _t);
            }
        }

        Keep(shard, row);
        return true;
    }

    /// <summary>Gives back the memory of the columns; the fitter is of no more use then.</summary>
    public void Dispose() => _columns.Dispose();

    /// <inheritdoc/>
    public void Moments(Span<double> mean, Span<double> sd)
    {
        _posterior.Variances(_s, _t, _spread);
        for (var l = 0; l < _factors; l++)
        {
            mean[l] = _posterior.Mean[l];
            sd[l] = double.Sqrt(_posterior.Variance[l]);
        }
    }

    private void Begin(ArraySet shard, int row)
    {
        _row.Read(row);
        if (_rates.Length < _row.Columns.Length)
        {
            _rates = new double[Padding.To(2 * _row.Columns.Length)];
        }

        ConjugateGammaPosterior.WeightsOf(shard.Get(ConjugateKeys.RowLogs).AsSpan(row * _factors, _factors), _weight);
        if (_zerosMissing)
        {
            Array.Clear(_t);
            foreach (var column in _row.Columns)
            {
                FactorKernel.AddScaled(1, _columns.Mean(column), _t);
            }
        }
        else
        {
            _columns.Totals.CopyTo(_t, 0);
            foreach (var column in _row.Excluded)
            {
                FactorKernel.AddScaled(-1, _columns.Mean(column), _t);
            }

            for (var l = 0; l < _stride; l++)
            {
                // Where every column is excluded rounding may leave less than nothing.
                _t[l] = double.Max(_t[l], 0);
            }
        }

        Weigh(_t);
    }

    // Counts that weigh less say less of s and t.
    private void Weigh(double[] sums)
    {
        for (var l = 0; _power != 1 && l < _stride; l++)
        {
            sums[l] *= _power;
        }
    }

    // s and the posterior from the weights; returns the row's part of the ELBO but for the data's: log of the normalizer - sum s E log u.
    private double Update()
    {
        var columns = _row.Columns;
        var values = _row.Values;
        ConjugateCells.Shares(columns, values, _columns.Count, _columns.Weights, _weight, _s);
        Weigh(_s);
        return _posterior.Evaluate(_s, _t) - FactorKernel.Dot(_s, _posterior.Log);
    }

    // The sums over this row that make the columns' s and t, and sum x log(sum_l exp(E log u + E log v)).
    private double AddColumns(double[] counts, double[] absent)
    {
        var columns = _row.Columns;
        var values = _row.Values;
        ConjugateCells.Scatter(columns, values, _columns.Count, _columns.Weights, _posterior.Weight, counts, _rates);

        foreach (var column in _zerosMissing ? columns : _row.Excluded)
        {
            FactorKernel.AddScaled(1, _posterior.Mean, absent.AsSpan(column * _stride, _stride));
        }

        return SumOfLogs(values);
    }

    private double LogLikelihood()
    {
        var columns = _row.Columns;
        for (var e = 0; e < columns.Length; e++)
        {
            _rates[e] = double.Max(FactorKernel.Dot(_posterior.Weight, _columns.Weight(columns[e])), ConjugateCells.LeastRate);
        }

        return SumOfLogs(_row.Values);
    }

    private double SumOfLogs(ReadOnlySpan<double> values)
    {
        var padded = Padding.To(values.Length);
        _rates.AsSpan(values.Length, padded - values.Length).Fill(1);
        VectorLog.InPlace(_rates.AsSpan(0, padded));
        return _power * FactorKernel.Dot(values, _rates.AsSpan(0, values.Length));
    }

    // Updates until one gains less than the tolerance, or for so many steps: the row's part of the ELBO, or what of it is not finite.
    private double Ascend(int steps, double tolerance)
    {
        var last = double.NegativeInfinity;
        for (var step = 1; ; step++)
        {
            var elbo = Update() + LogLikelihood();
            _posterior.Weight.CopyTo(_weight, 0);
            if (step >= steps || !double.IsFinite(elbo) || elbo - last <= tolerance * double.Abs(elbo))
            {
                return elbo;
            }

            last = elbo;
        }
    }

    // The row's weights after a few updates under that component alone, from its mean, whose ELBO is then the greatest; as they are if none
    // is finite.
    private void BeginUnderBestComponent()
    {
        var best = double.NegativeInfinity;
        _weight.CopyTo(_bestWeight, 0);
        for (var c = 0; c < _posterior.Active.Length; c++)
        {
            for (var l = 0; l < _factors; l++)
            {
                var (shape, rate) = _posterior.Given(c, l, 0, 0);
                _weight[l] = shape / rate;
            }

            var elbo = 0.0;
            for (var step = 0; step < ConjugateSettings.StepsUnderComponent; step++)
            {
                ConjugateCells.Shares(_row.Columns, _row.Values, _columns.Count, _columns.Weights, _weight, _s);
                Weigh(_s);
                elbo = _posterior.EvaluateGiven(c, _s, _t) - FactorKernel.Dot(_s, _posterior.Log);
                _posterior.Weight.CopyTo(_weight, 0);
            }

            elbo += LogLikelihood();
            if (elbo > best)
            {
                best = elbo;
                _weight.CopyTo(_bestWeight, 0);
            }
        }

        _bestWeight.CopyTo(_weight, 0);
    }

    private void Keep(ArraySet shard, int row)
    {
        StoreLogs(shard, row);
        if (_row.Cells.Count > 0)
        {
            // For the draws of a score.
            _s.AsSpan(0, _factors).CopyTo(Counts.AsSpan(row * _factors));
            _t.AsSpan(0, _factors).CopyTo(Rates.AsSpan(row * _factors));
        }
    }

    private void StoreLogs(ArraySet shard, int row) =>
        _posterior.Log.AsSpan(0, _factors).CopyTo(shard.Get(ConjugateKeys.RowLogs).AsSpan(row * _factors));
}

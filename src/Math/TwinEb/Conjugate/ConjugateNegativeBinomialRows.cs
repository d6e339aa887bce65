using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The rows of a shard under the negative binomial model. A row's update: the bounds of its cells at what is known of it and of the columns
/// (<see cref="ConjugateNegativeBinomialRow"/>), then the exact posterior of (u_i, component) under s, t and c. State: E log u, E u and
/// 1 / E (1/u), rows x factors each.
/// </summary>
internal sealed class ConjugateNegativeBinomialRows : IConjugateRowFitter, IDisposable
{
    /// <summary>The arrays of rows.</summary>
    public static readonly StateKey[] StateArrays = [ConjugateKeys.RowLogs, ConjugateKeys.RowMeans, ConjugateKeys.RowHarmonics];

    private readonly int _factors;
    private readonly int _stride;
    private readonly double _dispersion;
    private readonly ConjugateNegativeBinomialColumns _columns;
    private readonly ConjugateInversePosterior _posterior;
    private readonly ConjugateRow _row;
    private readonly ConjugateNegativeBinomialRow _cells;
    private readonly double[] _s;
    private readonly double[] _t;
    private readonly double[] _c;
    private readonly double[][] _moments;
    private readonly double[][] _state;
    private readonly double[][] _best;
    private readonly double[][] _other;
    private double[] _fitted = [];

    public ConjugateNegativeBinomialRows(ShardData data, ArraySet broadcast, int factors)
    {
        _factors = factors;
        _columns = new ConjugateNegativeBinomialColumns(broadcast, factors);
        _stride = _columns.Stride;
        _dispersion = broadcast.Scalar(ConjugateKeys.Dispersion);
        _posterior = new ConjugateInversePosterior(ConjugateGammaPrior.Read(broadcast, ConjugateKeys.RowPrior));
        _row = new ConjugateRow(data, zerosAreImplied: true);
        _cells = new ConjugateNegativeBinomialRow(
            _dispersion, _columns.Count, data.Block.IsSparse && data.Block.Unstored == UnstoredEntries.Missing);
        (_s, _t, _c) = (new double[_stride], new double[_stride], new double[_stride]);
        double[][] Three() => [new double[_stride], new double[_stride], new double[_stride]];
        (_state, _best, _other) = (Three(), Three(), Three());
        _moments = [_posterior.Log, _posterior.Mean, _posterior.Harmonic];
    }

    /// <summary>s, t and c of the rows that were fitted, three times factors for each row; 0 of others.</summary>
    public double[] Fitted => _fitted.Length > 0 ? _fitted : _fitted = new double[_row.Rows * 3 * _factors];

    /// <summary>One update of every training row, and what the coordinator needs for columns, priors, dispersion and ELBO.</summary>
    /// <param name="shard">The shard's state.</param>
    /// <param name="components">The components of the rows' prior.</param>
    /// <param name="candidates">Training rows of which moments are wanted, ascending.</param>
    /// <param name="points">Their E log u and E u, candidates x 2 x factors.</param>
    /// <param name="failedRow">The first row whose posterior is not finite, which keeps its state; -1 for none.</param>
    public ArraySet Sweep(ArraySet shard, int components, ReadOnlySpan<int> candidates, Span<double> points, out int failedRow)
    {
        failedRow = -1;
        var length = _columns.Count * _stride;
        using var counts = new RentedArray(length);
        using var rates = new RentedArray(length);
        using var centred = new RentedArray(length);
        using var inverses = new RentedArray(length);
        var (elbo, gaps) = (0.0, 0.0);
        for (var i = 0; i < _row.Rows; i++)
        {
            if (_row.Cells.IsHeldOutRow(i))
            {
                continue;
            }

            Begin(shard, i);
            Weigh();
            var divergence = Posterior();
            var (bound, gap) = Weigh();
            if (!double.IsFinite(bound - divergence))
            {
                failedRow = failedRow < 0 ? i : failedRow;
                continue;
            }

            (elbo, gaps) = (elbo + bound - divergence, gaps + gap);
            _posterior.Accumulate();
            AddColumns(counts.Values, rates.Values, centred.Values, inverses.Values);
            Store(shard, i);
            if (candidates.Length > 0 && candidates[0] == i)
            {
                _posterior.Log.AsSpan(0, _factors).CopyTo(points);
                _posterior.Mean.AsSpan(0, _factors).CopyTo(points[_factors..]);
                candidates = candidates[1..];
                points = points[(2 * _factors)..];
            }
        }

        int[] shape = [_columns.Count, _factors];
        var partial = new ArraySet()
            .Set(ConjugateKeys.Elbo, elbo)
            .Set(ConjugateKeys.DispersionGap, gaps)
            .Set(ConjugateKeys.PartialCounts, Padding.Without(counts.Values, _columns.Count, _factors), shape)
            .Set(ConjugateKeys.PartialAbsent, Padding.Without(rates.Values, _columns.Count, _factors), shape)
            .Set(ConjugateKeys.PartialCentred, Padding.Without(centred.Values, _columns.Count, _factors), shape)
            .Set(ConjugateKeys.PartialInverses, Padding.Without(inverses.Values, _columns.Count, _factors), shape);
        _posterior.Statistics(components).Write(partial, ConjugateKeys.RowStatistics);
        return partial;
    }

    /// <inheritdoc/>
    public bool Fit(ArraySet shard, int row, int steps, double tolerance)
    {
        Begin(shard, row);
        return double.IsFinite(Ascend(steps, tolerance)) && Keep(shard, row);
    }

    /// <inheritdoc/>
    /// <remarks>As <see cref="ConjugatePoissonRows.FitNew"/>: also from the component under which a few updates end highest.</remarks>
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
            Copy(_state, _other);
            BeginUnderBestComponent();
            var other = Ascend(steps, tolerance);
            if (!(double.IsFinite(other) && other > elbo + ConjugateSettings.LeastGainOfStart))
            {
                Copy(_other, _state);
                Ascend(1, 0);
            }
        }

        return Keep(shard, row);
    }

    /// <inheritdoc/>
    public void Moments(Span<double> mean, Span<double> sd)
    {
        _posterior.Variances(_s, _t, _c);
        for (var l = 0; l < _factors; l++)
        {
            (mean[l], sd[l]) = (_posterior.Mean[l], double.Sqrt(_posterior.Variance[l]));
        }
    }

    /// <summary>Gives back the memory of the columns; the fitter is of no more use then.</summary>
    public void Dispose() => _columns.Dispose();

    private void Begin(ArraySet shard, int row)
    {
        _row.Read(row);
        _cells.Read(_row);
        ConjugateGammaPosterior.WeightsOf(shard.Get(ConjugateKeys.RowLogs).AsSpan(row * _factors, _factors), _state[0]);
        shard.Get(ConjugateKeys.RowMeans).AsSpan(row * _factors, _factors).CopyTo(_state[1]);
        shard.Get(ConjugateKeys.RowHarmonics).AsSpan(row * _factors, _factors).CopyTo(_state[2]);
    }

    private (double Bound, double Gap) Weigh() => _cells.Weigh(_columns, _state[0], _state[1], _state[2]);

    // s, t and c from the weights of the cells.
    private void Sum()
    {
        Array.Clear(_s);
        Array.Clear(_t);
        Array.Clear(_c);
        var columns = _cells.Columns;
        for (var e = 0; e < columns.Length; e++)
        {
            var centred = _cells.CentredRates[e];
            FactorKernel.AddScaled(centred > 0 ? _dispersion * centred : _cells.Rates[e], _columns.Mean(columns[e]), _t);
            if (centred > 0)
            {
                FactorKernel.AddScaled(_dispersion * _cells.Inverses[e], _columns.Harmonic(columns[e]), _c);
            }
            else if (_cells.Counts[e] > 0)
            {
                FactorKernel.AddScaled(_cells.Counts[e], _columns.Weight(columns[e]), _s);
            }
        }

        for (var l = 0; l < _stride; l++)
        {
            _s[l] *= _state[0][l];
            _c[l] *= _state[2][l] * _state[2][l];
        }
    }

    // The posterior under the weights; returns its divergence from the prior.
    private double Posterior()
    {
        Sum();
        var divergence = _posterior.Divergence(_posterior.Evaluate(_s, _t, _c), _s, _t, _c);
        Take();
        return divergence;
    }

    private void Take()
    {
        _posterior.Weight.CopyTo(_state[0], 0);
        _posterior.Mean.CopyTo(_state[1], 0);
        _posterior.Harmonic.CopyTo(_state[2], 0);
    }

    // The sums over this row of which the columns' s, t and c are made.
    private void AddColumns(double[] counts, double[] rates, double[] centred, double[] inverses)
    {
        var columns = _cells.Columns;
        for (var e = 0; e < columns.Length; e++)
        {
            var at = columns[e] * _stride;
            if (_cells.CentredRates[e] > 0)
            {
                FactorKernel.AddScaled(_cells.CentredRates[e], _state[1], centred.AsSpan(at, _stride));
                FactorKernel.AddScaled(_cells.Inverses[e], _state[2], inverses.AsSpan(at, _stride));
                continue;
            }

            FactorKernel.AddScaled(_cells.Rates[e], _state[1], rates.AsSpan(at, _stride));
            if (_cells.Counts[e] > 0)
            {
                FactorKernel.AddScaled(_cells.Counts[e], _state[0], counts.AsSpan(at, _stride));
            }
        }
    }

    // Updates until one gains less than the tolerance, or for so many steps: the row's part of the ELBO, or what of it is not finite.
    private double Ascend(int steps, double tolerance)
    {
        var last = double.NegativeInfinity;
        Weigh();
        for (var step = 1; ; step++)
        {
            var divergence = Posterior();
            var elbo = Weigh().Bound - divergence;
            if (step >= steps || !double.IsFinite(elbo) || elbo - last <= tolerance * double.Abs(elbo))
            {
                return elbo;
            }

            last = elbo;
        }
    }

    // The row after a few updates under that component alone, from its mean, whose ELBO is then the greatest; as it is if none is finite.
    private void BeginUnderBestComponent()
    {
        var best = double.NegativeInfinity;
        Copy(_state, _best);
        for (var k = 0; k < _posterior.Active.Length; k++)
        {
            for (var l = 0; l < _factors; l++)
            {
                var (shape, rate, _) = _posterior.Given(k, l, 0, 0, 0);
                (_state[0][l], _state[1][l], _state[2][l]) = (shape / rate, shape / rate, shape / rate);
            }

            var elbo = 0.0;
            Weigh();
            for (var step = 0; step < ConjugateSettings.StepsUnderComponent; step++)
            {
                Sum();
                var divergence = _posterior.Divergence(_posterior.EvaluateGiven(k, _s, _t, _c), _s, _t, _c);
                Take();
                elbo = Weigh().Bound - divergence;
            }

            if (elbo > best)
            {
                best = elbo;
                Copy(_state, _best);
            }
        }

        Copy(_best, _state);
    }

    private bool Keep(ArraySet shard, int row)
    {
        Store(shard, row);
        if (_row.Cells.Count > 0)
        {
            // For the draws of a score.
            var to = Fitted.AsSpan(row * 3 * _factors, 3 * _factors);
            _s.AsSpan(0, _factors).CopyTo(to);
            _t.AsSpan(0, _factors).CopyTo(to[_factors..]);
            _c.AsSpan(0, _factors).CopyTo(to[(2 * _factors)..]);
        }

        return true;
    }

    private void Store(ArraySet shard, int row)
    {
        for (var m = 0; m < StateArrays.Length; m++)
        {
            _moments[m].AsSpan(0, _factors).CopyTo(shard.Get(StateArrays[m]).AsSpan(row * _factors));
        }
    }

    private static void Copy(double[][] from, double[][] to)
    {
        for (var m = 0; m < from.Length; m++)
        {
            from[m].CopyTo(to[m], 0);
        }
    }
}

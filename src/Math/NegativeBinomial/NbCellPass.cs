using System.Numerics.Tensors;
using FitCluster.Math.Models;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// A pass over a shard's cells: each cell's Chebyshev functions from the tables, its q(t) and responsibilities in turn until neither
/// changes, and its share of the statistics. Nothing is allocated by cell. See <see cref="NbTables"/> and <see cref="NbStatistics"/>.
/// </summary>
internal sealed class NbCellPass
{
    // Newton steps of a mixture's cell between two looks at its responsibilities.
    private const int StepsTogether = 2;

    private readonly NbOptions _options;
    private readonly NbTables _tables;
    private readonly NbShape _shape;
    private readonly ShardData _data;
    private readonly StateSet<NbShardField> _state;
    private readonly NbStatistics _statistics;
    private readonly NbRow _row;
    private readonly NbCellFunctions _functions;
    private readonly NbCellStart _start;
    private readonly NbCellPosterior _posterior;
    private readonly double[] _expected;
    private readonly double[] _responsibilities;
    private readonly double[] _ridge;
    private readonly double[] _logLikelihood = [];
    private readonly bool _isStart;
    private readonly bool _hasCapture;
    private double _worth;

    public NbCellPass(NbOptions options, NbTables tables, ShardData data, StateSet<NbShardField> state)
    {
        (_options, _tables, _shape, _data, _state) = (options, tables, tables.Shape, data, state);
        _isStart = tables.Kind == NbPassKind.Start;
        if (!_isStart && !state.Is(NbShardField.IsStarted))
        {
            throw new InvalidOperationException("a pass over cells that were not started");
        }

        state.Put(NbShardField.IsStarted, true);
        _hasCapture = options.Capture != NbCapture.None;
        var count = tables.Chebyshev.Count;
        if (_hasCapture == (count == 1))
        {
            throw new InvalidOperationException($"{count} coefficients with capture {options.Capture}");
        }

        var hasHistogram = _shape.Components > 1 && !_shape.ByEntry;
        _ridge = tables.RidgeGrid;
        _statistics = NbStatistics.New(_shape, count, tables.Layout?.Entries ?? 0, hasHistogram, _ridge.Length);
        _row = new NbRow(data, _shape.ByEntry || hasHistogram || (!_isStart && tables.HasBase) ? tables.Layout : null);
        _functions = new NbCellFunctions(tables, data);
        _start = new NbCellStart(options, tables);
        _posterior = new NbCellPosterior(tables.Chebyshev);
        _expected = new double[count];
        _expected[0] = 1;
        _responsibilities = new double[_shape.Components];
        _responsibilities[0] = 1;
        if (tables[NbPassField.KeepLogLikelihood] != 0)
        {
            _logLikelihood = new double[data.Block.Rows];
            state[NbCells.LogLikelihood] = _logLikelihood;
        }
    }

    /// <summary>The statistics; the state has the cells' new posteriors.</summary>
    public NbStatistics Run()
    {
        var stride = (long)_tables[NbPassField.Stride];
        for (var c = 0; c < _data.Block.Rows; c++)
        {
            if ((_data.FirstRow + c) % stride == 0)
            {
                Cell(c);
            }
        }

        return _statistics;
    }

    private void Cell(int c)
    {
        _row.Read(c);
        if (_isStart)
        {
            _start.Responsibilities(_row, _responsibilities);
        }
        else
        {
            _functions.Sum(_row, c);
        }

        var priorTerm = _hasCapture ? Capture(c) : 0;
        if (!_hasCapture && !_isStart)
        {
            Share();
        }

        Collect(c, priorTerm);
    }

    // q(t), and the responsibilities with it; returns E log p(t) + H(q(t)).
    private double Capture(int c)
    {
        var coordinate = NbCellCoordinate.Of(_options, _row.Total);
        var (locations, scales) = (_state[NbCells.Location], _state[NbCells.Scale]);
        if (_isStart)
        {
            (locations[c], scales[c]) = _start.Posterior(coordinate, _row.Total);
        }

        var (location, scale) = (locations[c], scales[c]);
        if (_tables[NbPassField.RidgeStep] is var step and not 0)
        {
            (location, scale) = coordinate.Moved(location, scale, step);
        }

        _posterior.Take(coordinate, location, scale);
        if (!_isStart)
        {
            Settle(coordinate);
        }

        _posterior.Polynomials(_expected);
        if (!_isStart)
        {
            Share();
        }

        (locations[c], scales[c]) = (_posterior.Location, _posterior.Scale);
        for (var i = 0; i < _ridge.Length; i++)
        {
            _statistics.Ridge[i] += _posterior.PriorTermMoved(coordinate, _ridge[i]);
        }

        return _posterior.PriorTerm(coordinate);
    }

    private void Settle(in NbCellCoordinate coordinate)
    {
        var left = (int)_tables[NbPassField.NewtonSteps];
        var taken = 0;
        if (_shape.Components == 1)
        {
            taken = _posterior.Improve(coordinate, _functions.Of(0), left);
        }
        else
        {
            for (var steps = -1; steps != 0 && taken < left; taken += steps)
            {
                _posterior.Polynomials(_expected);
                Share();
                _functions.Mix(_responsibilities);
                steps = _posterior.Improve(coordinate, _functions.Mixed, int.Min(StepsTogether, left - taken));
            }
        }

        _statistics[NbSum.Steps] += taken;
        _statistics[NbSum.Unsettled] += _posterior.IsSettled ? 0 : 1;
        _statistics[NbSum.Held] += _posterior.IsHeld ? 1 : 0;
        _statistics[NbExtreme.NeededDepth] = double.Max(_statistics[NbExtreme.NeededDepth], _posterior.NeededDepth);
        _statistics[NbExtreme.Gain] = double.Max(_statistics[NbExtreme.Gain], _posterior.Gain);
    }

    // Responsibilities from E F_k, log w and labels; components that have next to none get none, which is a posterior like any other.
    private void Share()
    {
        const double Least = 1e-13;
        for (var k = 0; k < _responsibilities.Length; k++)
        {
            _responsibilities[k] = TensorPrimitives.Dot<double>(_functions.Of(k), _expected) + _functions.Constant(k);
        }

        _worth = NbDensity.Normalize(_responsibilities);
        if (_responsibilities.Length == 1)
        {
            return;
        }

        var rest = 1.0;
        foreach (ref var responsibility in _responsibilities.AsSpan())
        {
            rest -= responsibility < Least ? responsibility : 0;
            responsibility = responsibility < Least ? 0 : responsibility;
        }

        TensorPrimitives.Divide(_responsibilities, rest, _responsibilities);
    }

    private void Collect(int c, double priorTerm)
    {
        var components = _shape.Components;
        var cellTerm = priorTerm;
        for (var k = 0; k < components; k++)
        {
            var responsibility = _responsibilities[k];
            if (responsibility > 0)
            {
                cellTerm += responsibility * ((_isStart ? 0 : _functions.LogWeight(k)) - double.Log(responsibility));
                Add(_shape.Leaf(k, _row.Dataset), responsibility);
            }
        }

        if (components > 1)
        {
            _responsibilities.CopyTo(_state[NbCells.Responsibilities], c * components);
        }

        if (_hasCapture)
        {
            var xi = _posterior.MeanXi;
            _statistics[NbSum.Xi] += xi;
            cellTerm += _shape.ByEntry ? 0 : _row.Total * xi;
            _statistics[NbExtreme.Depth] = double.Max(_statistics[NbExtreme.Depth], _posterior.Depth);
        }

        if (_logLikelihood.Length > 0)
        {
            _logLikelihood[c] = _worth;
            _statistics[NbSum.LogLikelihood] += _worth;
        }

        _statistics[NbSum.CellTerm] += cellTerm;
        _statistics[NbSum.PriorTerm] += priorTerm;
        _statistics[NbSum.Cells]++;
    }

    private void Add(int leaf, double responsibility)
    {
        var (count, genes) = (_expected.Length, _shape.Genes);
        _statistics.N[leaf] += responsibility;
        AddTo(_statistics.W, responsibility);
        if (_shape.ByEntry)
        {
            var length = _statistics.S.Length / _shape.Leaves;
            NbRowKernel.Scatter(_row.Entries, _row.Weights, responsibility, _expected, _statistics.S.AsSpan(leaf * length, length));
        }
        else if (_shape.OddsByGene)
        {
            var v = _statistics.V.AsSpan(leaf * genes * count, genes * count);
            NbRowKernel.Scatter(_row.Genes, _row.Counts, responsibility, _expected, v);
        }
        else
        {
            AddTo(_statistics.Vu, responsibility * _row.Total);
        }

        if (_shape.ZeroInflated)
        {
            var nz = _statistics.Nz.AsSpan(leaf * genes * count, genes * count);
            NbRowKernel.Scatter(_row.Genes, _row.Ones, responsibility, _expected, nz);
        }

        if (_statistics.HasHistogram)
        {
            var length = _statistics.H.Length / _shape.Leaves;
            NbRowKernel.Scatter(_row.Entries, _row.Weights, responsibility, [1], _statistics.H.AsSpan(leaf * length, length));
        }

        void AddTo(double[] values, double factor)
        {
            var row = values.AsSpan(leaf * count, count);
            TensorPrimitives.MultiplyAdd(_expected, factor, row, row);
        }
    }
}

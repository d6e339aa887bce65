using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Math.Svi;
using FitCluster.Messages;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// The cells' side of a step: first the step before it, if the coordinator found it finite (Adam over all cells, whose gradient outside the
/// batch is 0); then a draw of t for each cell of the batch, the log-likelihood and its derivative, and the statistics at the draws. The
/// derivative waits in the state for the coordinator's word.
/// </summary>
internal sealed class NbReferenceLocal
{
    private const ulong Stream = 0x6E62_6365_6C6C_0000;

    private readonly NbOptions _options;
    private readonly NbTables _tables;
    private readonly ShardData _data;
    private readonly ArraySet _shard;
    private readonly double[] _step;
    private readonly bool _hasCapture;

    private NbReferenceLocal(NbOptions options, ArraySet broadcast, ShardData data, ArraySet shard)
    {
        (_options, _data, _shard) = (options, data, shard);
        _tables = NbTables.View(NbShape.Of(options), broadcast);
        _step = broadcast.Get(NbReferenceKeys.Step);
        _hasCapture = options.Capture != NbCapture.None;
    }

    /// <summary>The form of a shard's state.</summary>
    public static StateFormat<NbShardField> Format { get; } = new("nb-reference-cells", 1);

    /// <summary>The cells' guides at the start: planes of locations and log scales.</summary>
    public static ArraySet Initial(NbOptions options, ShardData data)
    {
        var (state, rows) = (Format.New(), data.Block.Rows);
        if (options.Capture == NbCapture.None)
        {
            return state.Arrays;
        }

        var parameters = new double[2 * rows];
        if (options.Capture == NbCapture.Anchored)
        {
            // The published start: eta at log M0 for every cell, scale that of the prior.
            parameters.AsSpan(0, rows).Fill(VectorSoftplus.InverseSoftplus(options.LogCaptureTotal));
            parameters.AsSpan(rows).Fill(double.Log(options.CaptureSd));
        }

        state.Put(NbReferenceKeys.Parameters, parameters, [2, rows]);
        foreach (var key in new[] { NbReferenceKeys.M, NbReferenceKeys.V, NbReferenceKeys.Best, NbReferenceKeys.Pending })
        {
            state.Put(key, new double[2 * rows], [2, rows]);
        }

        return state.Arrays;
    }

    /// <summary>The local step.</summary>
    public static ArraySet Run(NbOptions options, ArraySet broadcast, ShardData data, ArraySet shard)
    {
        _ = Format.View(shard);
        var local = new NbReferenceLocal(options, broadcast, data, shard);
        if (local._hasCapture)
        {
            local.TakeStep();
        }

        return local.Is(NbStepField.IsStep) ? local.Batch().Arrays : local.Finish();
    }

    private bool Is(NbStepField field) => _step[(int)field] != 0;

    private void TakeStep()
    {
        var parameters = _shard.Get(NbReferenceKeys.Parameters);
        var pending = _shard.Get(NbReferenceKeys.Pending);
        if (Is(NbStepField.IsAccepted))
        {
            new Adam(_options.LearningRate, 0, 1, _step[(int)NbStepField.AppliedSteps])
                .Apply(parameters, _shard.Get(NbReferenceKeys.M), _shard.Get(NbReferenceKeys.V), pending);
        }

        Array.Clear(pending);
        if (Is(NbStepField.IsBest))
        {
            parameters.CopyTo(_shard.Get(NbReferenceKeys.Best), 0);
        }

        if (Is(NbStepField.IsRestored))
        {
            _shard.Get(NbReferenceKeys.Best).CopyTo(parameters, 0);
        }
    }

    private NbStatistics Batch()
    {
        var hasHistogram = _tables.Layout is not null && !_tables.Shape.ByEntry;
        var statistics = NbStatistics.New(
            _tables.Shape, _tables.Chebyshev.Count, _tables.Layout?.Entries ?? 0, hasHistogram, 0);
        var cell = new NbReferenceCell(_options, _tables, _data, statistics);
        if (_options.BatchSize == 0 || _options.BatchSize >= _options.Cells)
        {
            for (var c = 0; c < _data.Block.Rows; c++)
            {
                Add(cell, c, 1);
            }

            return statistics;
        }

        var step = (long)_step[(int)NbStepField.Step];
        var batches = new Batches(_options.Cells, _options.BatchSize);
        var order = new EpochOrder(_options.Seed, (ulong)(step / batches.Count), _options.Cells);
        var (first, last) = batches.Range(step % batches.Count);
        for (var position = first; position < last; position++)
        {
            var row = order[position] - _data.FirstRow;
            if (row >= 0 && row < _data.Block.Rows)
            {
                Add(cell, (int)row, batches.Scale(step % batches.Count));
            }
        }

        return statistics;
    }

    // Every cell at its guide's location: what results have beside the guide.
    private ArraySet Finish()
    {
        var (rows, components) = (_data.Block.Rows, _options.Components);
        var statistics = NbStatistics.New(_tables.Shape, _tables.Chebyshev.Count, _tables.Layout?.Entries ?? 0, !_tables.Shape.ByEntry, 0);
        var cell = new NbReferenceCell(_options, _tables, _data, statistics);
        var (likelihood, responsibilities) = (new double[rows], new double[rows * components]);
        for (var c = 0; c < rows; c++)
        {
            var before = statistics[NbSum.LogLikelihood];
            statistics[NbSum.LogLikelihood] = 0;
            var location = _hasCapture ? _shard.Get(NbReferenceKeys.Parameters)[c] : 0;
            cell.Add(c, location, 0, 0);
            likelihood[c] = statistics[NbSum.LogLikelihood];
            statistics[NbSum.LogLikelihood] += before;
            cell.Responsibilities.CopyTo(responsibilities.AsSpan(c * components));
        }

        _shard.Set(NbCells.LogLikelihood, likelihood);
        if (components > 1)
        {
            _shard.Set(NbCells.Responsibilities, responsibilities, [rows, components]);
        }

        return new ArraySet().Set(NbReferenceKeys.Done, statistics[NbSum.LogLikelihood]);
    }

    /// <summary>A shard's rows of the results; the names are those of <see cref="NbCells.Results"/>.</summary>
    public static ArraySet Results(NbOptions options, ShardData data, ArraySet shard)
    {
        var (results, rows) = (new ArraySet(), data.Block.Rows);
        if (options.Capture != NbCapture.None)
        {
            var parameters = shard.Get(NbReferenceKeys.Parameters);
            var (scale, mean, sd) = (new double[rows], new double[rows], new double[rows]);
            var row = new NbRow(data, null);
            for (var c = 0; c < rows; c++)
            {
                row.Read(c);
                scale[c] = double.Exp(parameters[rows + c]);
                (mean[c], sd[c]) = NbCellPosterior.Capture(NbCellCoordinate.Of(options, row.Total), parameters[c], scale[c]);
            }

            results.Set("capture_mean", mean).Set("capture_sd", sd).Set("capture_location", parameters[..rows]).Set("capture_scale", scale);
        }

        if (shard.Has(NbCells.Responsibilities))
        {
            results.Set("responsibilities", shard.Get(NbCells.Responsibilities), [rows, options.Components]);
        }

        return shard.Has(NbCells.LogLikelihood) ? results.Set("log_likelihood", shard.Get(NbCells.LogLikelihood)) : results;
    }

    private void Add(NbReferenceCell cell, int c, double scale)
    {
        if (!_hasCapture)
        {
            cell.Add(c, 0, 0, 0);
            return;
        }

        var rows = _data.Block.Rows;
        var parameters = _shard.Get(NbReferenceKeys.Parameters);
        var noise = Is(NbStepField.IsZero)
            ? 0
            : Philox.Normal(_options.Seed, Stream + (ulong)_step[(int)NbStepField.Step], (ulong)(_data.FirstRow + c));
        var (byLocation, byLogScale) = cell.Add(c, parameters[c], parameters[rows + c], noise);

        // Adam goes down: the gradient of the loss.
        var pending = _shard.Get(NbReferenceKeys.Pending);
        (pending[c], pending[rows + c]) = (-scale * byLocation, -scale * byLogScale);
    }
}

using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Math.Svi;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The state of a shard: its rows' parameters [2, rows, L], Adam's moments, copies of the best epoch and the best restart, and the gradient
/// of the last step [2, batch, L], which waits for the clip factor that the coordinator finds from all shards' norms. A view of a
/// <see cref="StateSet{TField}"/>: arrays are changed in place.
/// </summary>
internal sealed class ReferenceShard
{
    // Rows that a step of Adam takes together: their gradients stay in the first-level cache.
    private const int RowsAtOnce = 64;

    /// <summary>The form.</summary>
    public static readonly StateFormat<ReferenceShardField> Format = new("twineb-reference-shard", 1);

    private readonly TwinEbOptions _options;
    private readonly ShardData _data;
    private readonly StateSet<ReferenceShardField> _set;

    private ReferenceShard(StateSet<ReferenceShardField> set, ShardData data, TwinEbOptions options)
    {
        (_set, _data, _options) = (set, data, options);
        Cells = new HeldOutCells(data);
    }

    /// <summary>The cells that are not for training.</summary>
    public HeldOutCells Cells { get; }

    /// <summary>The rows' parameters, [2, rows, L].</summary>
    public double[] Parameters => _set[ReferenceKeys.Rows];

    /// <summary>By row: the constant part of its log-likelihood.</summary>
    public double[] Constants => _set[ReferenceKeys.Constants];

    /// <summary>The state before the first round.</summary>
    /// <exception cref="ArgumentException">The block is dense.</exception>
    public static ArraySet New(ShardData data, TwinEbOptions options)
    {
        if (!data.Block.IsSparse)
        {
            throw new ArgumentException(
                $"shard {data.Shard.Value} is dense, but TwinEB reads entries by row: store the data sparse", nameof(data));
        }

        var (rows, cells) = (data.Block.Rows, new HeldOutCells(data));
        var length = 2 * rows * options.Factors;
        var state = Format.New();
        foreach (var key in new[] { ReferenceKeys.Rows, ReferenceKeys.RowsFirst, ReferenceKeys.RowsSecond })
        {
            state.Put(key, new double[length], [2, rows, options.Factors]);
        }

        foreach (var key in new[]
        {
            ReferenceKeys.RowsBest, ReferenceKeys.RowsKept, ReferenceKeys.PendingRows, ReferenceKeys.PendingGradient
        })
        {
            state[key] = [];
        }

        state[ReferenceKeys.TrainingRows] = [.. Enumerable.Range(0, rows).Where(i => !cells.IsHeldOutRow(i)).Select(i => (double)i)];
        state[ReferenceKeys.HeldOutRows] = [.. Enumerable.Range(0, rows).Where(cells.IsHeldOutRow).Select(i => (double)i)];
        state[ReferenceKeys.Constants] = RowConstants(data, options);
        return state.Arrays;
    }

    /// <summary>A view of a shard's state.</summary>
    /// <exception cref="StateFormatException">It is of another form.</exception>
    public static ReferenceShard Read(ArraySet set, ShardData data, TwinEbOptions options) => new(Format.View(set), data, options);

    /// <summary>By row: -sum log x! over the stored entries (Poisson); 0 otherwise.</summary>
    public static double[] RowConstants(ShardData data, TwinEbOptions options)
    {
        var constants = new double[data.Block.Rows];
        if (options.Likelihood == TwinEbLikelihood.Poisson)
        {
            for (var i = 0; i < constants.Length; i++)
            {
                foreach (var x in data.Block.RowValues(i))
                {
                    constants[i] -= GammaFunctions.LogFactorial(x);
                }
            }
        }

        return constants;
    }

    /// <summary>The rows of a kind, local indices, ascending.</summary>
    public double[] RowsOf(bool heldOut) => _set[heldOut ? ReferenceKeys.HeldOutRows : ReferenceKeys.TrainingRows];

    /// <summary>Carries out what the coordinator decided after the round before.</summary>
    public void Obey(ArraySet broadcast)
    {
        var orders = broadcast.Get(ReferenceKeys.Orders);
        double Field(ReferenceField field) => orders[(int)field];
        if (Field(ReferenceField.Locate) != 0)
        {
            (_set[ReferenceShardField.TrainingRank], _set[ReferenceShardField.HeldOutRank]) =
                ReferenceSlots.Ranks(_data, broadcast.Get(ReferenceKeys.Slots));
        }

        if (Field(ReferenceField.Apply) != 0)
        {
            var adam = new Adam(
                Field(ReferenceField.ApplyRate), _options.WeightDecay, Field(ReferenceField.Clip), Field(ReferenceField.ApplyStep));
            Step(adam, Field(ReferenceField.Apply) == 2, [.. _set[ReferenceKeys.PendingRows].Select(r => (int)r)],
                _set[ReferenceKeys.PendingGradient]);
        }

        _set[ReferenceKeys.PendingRows] = [];
        _set[ReferenceKeys.PendingGradient] = [];
        if (Field(ReferenceField.Save) != 0)
        {
            Copy(ReferenceKeys.Rows, ReferenceKeys.RowsBest);
        }

        if (Field(ReferenceField.Restore) != 0)
        {
            Copy(ReferenceKeys.RowsBest, ReferenceKeys.Rows);
            ClearMoments();
        }

        if (Field(ReferenceField.Keep) != 0)
        {
            Copy(ReferenceKeys.Rows, ReferenceKeys.RowsKept);
        }

        if (Field(ReferenceField.Start) != 0)
        {
            var (restart, heldOut) = ((int)Field(ReferenceField.Restart), Field(ReferenceField.Start) == 2);
            Start(restart, heldOut, Field(heldOut ? ReferenceField.HeldOutRows : ReferenceField.TrainingRows),
                !heldOut && restart == 0 && Field(ReferenceField.GoesOn) != 0);
        }
    }

    /// <summary>The rows of this shard that are in a batch of an epoch, local indices, ascending.</summary>
    /// <param name="order">The order of all rows of the kind, by rank.</param>
    /// <param name="first">The batch's first position.</param>
    /// <param name="last">The position after its last.</param>
    /// <param name="heldOut">Which kind of rows.</param>
    public int[] Batch(EpochOrder order, long first, long last, bool heldOut)
    {
        var rows = RowsOf(heldOut);
        var rank = (long)_set[heldOut ? ReferenceShardField.HeldOutRank : ReferenceShardField.TrainingRank];
        var batch = new List<int>();
        for (var position = first; position < last; position++)
        {
            var at = order[position] - rank;
            if (at >= 0 && at < rows.Length)
            {
                batch.Add((int)rows[at]);
            }
        }

        batch.Sort();
        return [.. batch];
    }

    /// <summary>Keeps a gradient until its clip factor is known.</summary>
    public void Await(int[] rows, ReadOnlySpan<double> gradient)
    {
        _set[ReferenceKeys.PendingRows] = [.. rows.Select(r => (double)r)];
        _set[ReferenceKeys.PendingGradient] = gradient[..(2 * rows.Length * _options.Factors)].ToArray();
    }

    /// <summary>
    /// Adam on all rows of a kind, as published: those outside the batch have a gradient of zero, but move on by their moments and the
    /// decay.
    /// </summary>
    public void Step(Adam adam, bool heldOut, ReadOnlySpan<int> batch, ReadOnlySpan<double> gradient)
    {
        var (rows, l) = (_data.Block.Rows, _options.Factors);
        var (parameters, first, second) = (Parameters, _set[ReferenceKeys.RowsFirst], _set[ReferenceKeys.RowsSecond]);
        Span<double> zeros = new double[int.Min(rows, RowsAtOnce) * l];
        for (var plane = 0; plane < 2; plane++)
        {
            var (next, start) = (0, 0);
            while (start < rows)
            {
                if (Cells.IsHeldOutRow(start) != heldOut)
                {
                    start++;
                    continue;
                }

                // A run of rows of the kind, the batch's gradients among zeros.
                var (end, firstOfRun) = (start, next);
                for (; end < rows && end < start + RowsAtOnce && Cells.IsHeldOutRow(end) == heldOut; end++)
                {
                    if (next < batch.Length && batch[next] == end)
                    {
                        gradient.Slice(((plane * batch.Length) + next) * l, l).CopyTo(zeros[((end - start) * l)..]);
                        next++;
                    }
                }

                var (at, length) = (((plane * rows) + start) * l, (end - start) * l);
                adam.Apply(parameters.AsSpan(at, length), first.AsSpan(at, length), second.AsSpan(at, length),
                    firstOfRun == next ? [] : zeros[..length]);
                foreach (var row in batch[firstOfRun..next])
                {
                    zeros.Slice((row - start) * l, l).Clear();
                }

                start = end;
            }
        }
    }

    /// <summary>The rows of the result: of the best restart for training rows, the present ones for held-out rows.</summary>
    public double[] ResultParameters()
    {
        var result = (double[])Parameters.Clone();
        var kept = _set[ReferenceKeys.RowsKept];
        if (kept.Length == result.Length)
        {
            var (rows, l) = (_data.Block.Rows, _options.Factors);
            foreach (var row in RowsOf(false))
            {
                for (var plane = 0; plane < 2; plane++)
                {
                    var at = ((plane * rows) + (int)row) * l;
                    kept.AsSpan(at, l).CopyTo(result.AsSpan(at));
                }
            }
        }

        return result;
    }

    // Uniform within +-sqrt(6 / (L + rows)), both parameters, by the row's place in the whole matrix; those that a finished fit has as it
    // says.
    private void Start(int restart, bool heldOut, double allRows, bool goesOn)
    {
        var (rows, l) = (_data.Block.Rows, _options.Factors);
        var bound = double.Sqrt(6 / (l + allRows));
        var stream = ReferenceStreams.Of(
            heldOut ? ReferenceStreams.Purpose.HeldOutRowStart : ReferenceStreams.Purpose.RowStart, restart, 0);
        foreach (var row in RowsOf(heldOut))
        {
            var global = (ulong)(_data.FirstRow + (long)row);
            for (var p = 0; p < 2 * l; p++)
            {
                var at = ((p < l ? 0 : rows) * l) + ((int)row * l) + (p % l);
                Parameters[at] = bound * ((2 * Philox.Uniform(_options.Seed, stream, (global * 2 * (ulong)l) + (ulong)p)) - 1);
            }
        }

        if (goesOn)
        {
            ReferenceStart.Rows(_options, _data, RowsOf(heldOut), Parameters);
        }

        ClearMoments();
    }

    private void ClearMoments()
    {
        _set[ReferenceKeys.RowsFirst].AsSpan().Clear();
        _set[ReferenceKeys.RowsSecond].AsSpan().Clear();
    }

    private void Copy(StateKey from, StateKey to)
    {
        var source = _set[from];
        if (_set[to].Length == source.Length)
        {
            source.CopyTo(_set[to], 0);
        }
        else
        {
            _set.Put(to, (double[])source.Clone(), [2, _data.Block.Rows, _options.Factors]);
        }
    }
}

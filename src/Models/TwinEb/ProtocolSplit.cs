using FitCluster.Math.Numerics;
using FitCluster.Math.TwinEb;
using FitCluster.Models.Spec;

namespace FitCluster.Models.TwinEb;

/// <summary>
/// The split of the paper's protocols, by counter-based random numbers of (seed, row, column). Strong: a share of the rows is held out (an
/// exact number: those of least random numbers); of their non-zeros a share is tested and a share of the rest is ignored, or (testZeros)
/// cells are drawn from all of theirs as for validation. Both: from each training row (share x its cells) cells are drawn with replacement
/// for validation, zeros included, so that a share of 0.2 leaves out 18 % of them. A row keeps at least one cell.
/// </summary>
internal sealed class ProtocolSplit : IHeldOutSplit
{
    private const ulong RowStream = 0x5350_4C49_5400_0000;
    private const ulong ValidationStream = 0x5A11_0000_0000_0000;
    private const ulong TestStream = 0x7E57_0000_0000_0000;

    private readonly ulong _seed;
    private readonly bool _testsZeros;
    private readonly double _validation;
    private readonly double _tested;
    private readonly double _ignored;
    private readonly bool[] _heldOut;

    /// <exception cref="ProblemException">There are too few rows.</exception>
    public ProtocolSplit(SpecSection section, ulong seed, long rows)
    {
        _seed = seed;
        _testsZeros = section.Get(TwinEbFields.TestZeros);
        (_validation, _tested) = (TwinEbEffects.Validation(section), TwinEbEffects.Tested(section));
        _ignored = section.Get(TwinEbFields.IgnoredShare);
        _heldOut =
            section.Get(TwinEbFields.Protocol) == SplitProtocol.Strong ? HeldOutRows(rows, section.Get(TwinEbFields.HeldOutRows)) : [];
    }

    /// <inheritdoc/>
    public string Content => "";

    /// <inheritdoc/>
    public bool IsHeldOutRow(long row) => _heldOut.Length > 0 && _heldOut[row];

    /// <inheritdoc/>
    public void AddCells(long row, TwinEbRow entries, List<HeldOutCell> cells)
    {
        var before = cells.Count;
        if (IsHeldOutRow(row) && _testsZeros)
        {
            AddDrawnCells(TestStream + (ulong)row, _tested, HeldOutKind.Test, entries, cells);
        }
        else if (IsHeldOutRow(row))
        {
            AddTestCells(row, entries, cells);
        }
        else if (_validation > 0)
        {
            AddDrawnCells(ValidationStream + (ulong)row, _validation, HeldOutKind.Validation, entries, cells);
        }

        if (cells.Count > before && cells.Count - before == entries.ObservedCount)
        {
            cells.RemoveAt(before);
        }
    }

    private bool[] HeldOutRows(long rows, double share)
    {
        if (rows < 2)
        {
            throw ProblemException.BadInput(
                "twineb.protocol: strong holds rows out, but the data have one row only: give more rows, or set protocol: plain");
        }

        var count = (int)long.Clamp((long)double.Floor(share * rows), 1, rows - 1);
        var keys = new double[rows];
        var order = new int[rows];
        for (var i = 0; i < rows; i++)
        {
            keys[i] = Philox.Uniform(_seed, RowStream, (ulong)i);
            order[i] = i;
        }

        Array.Sort(keys, order);
        var heldOut = new bool[rows];
        foreach (var row in order.AsSpan(0, count))
        {
            heldOut[row] = true;
        }

        return heldOut;
    }

    private void AddTestCells(long row, TwinEbRow entries, List<HeldOutCell> cells)
    {
        var ignoredBelow = _tested + ((1 - _tested) * _ignored);
        for (var t = 0; t < entries.Columns.Length; t++)
        {
            if (entries.Values[t] == 0)
            {
                continue;
            }

            var column = entries.Columns[t];
            var number = Philox.Uniform(_seed, TestStream + (ulong)row, (ulong)column);
            if (number < ignoredBelow)
            {
                cells.Add(new HeldOutCell(column, number < _tested ? HeldOutKind.Test : HeldOutKind.Ignored));
            }
        }
    }

    // With replacement: so many draws as the share says, each cell once.
    private void AddDrawnCells(ulong stream, double share, HeldOutKind kind, TwinEbRow entries, List<HeldOutCell> cells)
    {
        var among = entries.ZerosAreObserved ? entries.ColumnCount : entries.Columns.Length;
        var draws = (int)double.Floor((share * among) + Philox.Uniform(_seed, stream, 0));
        var drawn = new int[draws];
        for (var draw = 0; draw < draws; draw++)
        {
            drawn[draw] = (int)double.Floor(among * Philox.Uniform(_seed, stream, (ulong)draw + 1));
        }

        Array.Sort(drawn);
        for (var draw = 0; draw < draws; draw++)
        {
            var column = entries.ZerosAreObserved ? drawn[draw] : entries.Columns[drawn[draw]];
            if ((draw == 0 || drawn[draw] != drawn[draw - 1]) && entries.IsObserved(column))
            {
                cells.Add(new HeldOutCell(column, kind));
            }
        }
    }
}

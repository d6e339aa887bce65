using FitCluster.Data;
using FitCluster.Models.Jobs;

namespace FitCluster.Models.TwinEb;

/// <summary>
/// The columns that a row of a fit has seen: Poisson, those whose entry is not zero; Gaussian, those whose entry is observed; whether a fit
/// trained on them or held them out. Rows and columns of the data are matched to the fit's by name. Not thread-safe.
/// </summary>
internal sealed class SeenCells : ISeenCells
{
    private const int BlockRows = 1024;
    private readonly TwinEbFit _fit;
    private readonly MatrixSource _data;
    private readonly NameIndex? _rows;
    private readonly int[]? _columns;
    private long _first = -1;
    private TwinEbRow? _entries;

    /// <param name="fit">The fit.</param>
    /// <param name="path">The data; null: those that the fit read.</param>
    public SeenCells(TwinEbFit fit, string? path)
    {
        var spec = path is null ? fit.Fit.Spec.Data : fit.Fit.Spec.Data with { Path = path, Rows = null, Columns = null };
        if (path is null && !DataUrl.IsUrl(spec.Path) && !Path.Exists(spec.Path))
        {
            throw ProblemException.BadInput(
                $"the data '{spec.Path}' of the fit '{fit.Fit.Folder}' are not there any more: give their place with --data");
        }

        (_fit, _data) = (fit, DataOpener.Open(spec));
        _rows = fit.Fit.Rows.Equal(_data.RowNames) ? null : new NameIndex(_data.RowNames, "row", $"the data '{DataUrl.Show(spec.Path)}'");
        _columns =
            fit.Fit.Columns.Equal(_data.ColumnNames) ? null : [.. _data.ColumnNames.Select(name => fit.Fit.Columns.TryFind(name) ?? -1)];
    }

    private SeenCells(SeenCells other) => (_fit, _data, _rows, _columns) = (other._fit, other._data, other._rows, other._columns);

    /// <summary>The same for another thread.</summary>
    public ISeenCells ForAnotherThread() => new SeenCells(this);

    /// <summary>Refuses a row that the data do not have.</summary>
    public void Check(int row) => _rows?.Find(_fit.Fit.Rows.Names[row], "");

    /// <summary>Sets what a row has seen to true, and all else to false.</summary>
    /// <param name="row">The row of the fit.</param>
    /// <param name="seen">By column of the fit.</param>
    public void Read(int row, Span<bool> seen)
    {
        seen.Clear();
        var at = (long)(_rows?.Find(_fit.Fit.Rows.Names[row], "") ?? row);
        if (_entries is null || at < _first || at >= _first + BlockRows)
        {
            _first = at;
            _entries = new TwinEbRow(_data.RowBlock(at, (int)long.Min(BlockRows, _data.Rows - at)), _fit.IsCounts, threshold: null);
        }

        _entries.Read((int)(at - _first));
        for (var t = 0; t < _entries.Columns.Length; t++)
        {
            var column = _columns is null ? _entries.Columns[t] : _columns[_entries.Columns[t]];

            // Where zeros are not observed otherwise, one that is stored is no less an observation.
            if (column >= 0)
            {
                seen[column] = true;
            }
        }
    }
}

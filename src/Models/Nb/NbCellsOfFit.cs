namespace FitCluster.Models.Nb;

/// <summary>The cells of a finished fit: capture, responsibilities, datasets.</summary>
internal sealed class NbCellsOfFit
{
    private readonly double[]? _capture;
    private readonly double[]? _captureSd;
    private readonly double[]? _shares;
    private readonly double[]? _datasets;

    public NbCellsOfFit(NbFit fit)
    {
        Components = fit.Options.Components;
        (_capture, _captureSd) = (fit.ByCell("capture_mean"), fit.ByCell("capture_sd"));
        _shares = Components > 1 ? fit.Fit.RowArray("responsibilities", Components) : null;
        _datasets = fit.Options.Datasets.Count > 1 ? fit.Fit.RowArray(NbKind.DatasetArray, 1) : null;
    }

    /// <summary>K.</summary>
    public int Components { get; }

    /// <summary>The posterior mean of a cell's capture.</summary>
    public double Capture(int row) => _capture?[row] ?? 1;

    /// <summary>Its posterior standard deviation.</summary>
    public double CaptureSd(int row) => _captureSd?[row] ?? 0;

    /// <summary>The posterior probability of a component.</summary>
    public double Share(int row, int component) => _shares is null ? 1 : _shares[(row * Components) + component];

    /// <summary>The dataset.</summary>
    public int Dataset(int row) => (int)(_datasets?[row] ?? 0);
}

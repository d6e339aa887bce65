namespace FitCluster.Models.Nb;

/// <summary>
/// Posterior predictive moments of counts: by total variance over the cell's component, its capture, the gene's mean (independent, with
/// their posterior moments) and the count's own scatter, for which dispersion, gate and overdispersion stand at their posterior means.
/// </summary>
internal sealed class NbPredictor : ICellPredictor
{
    private readonly NbCellsOfFit _cells;
    private readonly NbLeafArray _mean;
    private readonly NbLeafArray _sd;
    private readonly NbLeafArray _dispersion;
    private readonly NbLeafArray? _gate;
    private readonly NbLeafArray? _omega;

    public NbPredictor(NbFit fit)
    {
        NbLeafArray Needed(string name) => fit.Parameter(name) ??
            throw ProblemException.BadInput($"'{fit.Fit.At(name + ".npy")}' is not there, though fit.json is: run the fit again");
        _cells = new NbCellsOfFit(fit);
        (_mean, _sd, _dispersion) = (Needed("mean_mean"), Needed("mean_sd"), Needed("dispersion_mean"));
        (_gate, _omega) = (fit.Parameter("gate_mean"), fit.Parameter("overdispersion_mean"));
    }

    /// <inheritdoc/>
    public double Mean(int row, int column) => Moments(row, column).Mean;

    /// <inheritdoc/>
    public double Sd(int row, int column) => double.Sqrt(Moments(row, column).Variance);

    private (double Mean, double Variance) Moments(int row, int column)
    {
        var (capture, captureSd, dataset) = (_cells.Capture(row), _cells.CaptureSd(row), _cells.Dataset(row));
        var (mean, square) = (0.0, 0.0);
        for (var k = 0; k < _cells.Components; k++)
        {
            var share = _cells.Share(row, k);
            var (mu, sd) = (_mean[k, dataset, column], _sd[k, dataset, column]);
            var (gate, omega) = (_gate?[k, dataset, column] ?? 0, _omega?[k, dataset, column] ?? 0);
            var expected = capture * mu;
            var squared = ((capture * capture) + (captureSd * captureSd)) * ((mu * mu) + (sd * sd));

            // E u^2 of the ungated count given its mean m: m^2 + (m + m^2 / r)(1 + omega).
            mean += share * (1 - gate) * expected;
            square += share * (1 - gate) * (squared + ((expected + (squared / _dispersion[k, dataset, column])) * (1 + omega)));
        }

        return (mean, double.Max(0, square - (mean * mean)));
    }
}

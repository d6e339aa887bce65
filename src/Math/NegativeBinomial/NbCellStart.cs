namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// Where cells begin. q(t): xi from the cell's total (free: log max(L, 1/2) less a number of the broadcast; anchored: the prior's mean).
/// Mixture: a cell belongs, to 0.9, to its group (<see cref="NbGroups"/>), so that cells alike begin together.
/// </summary>
internal sealed class NbCellStart(NbOptions options, NbTables tables)
{
    private const double NearestXi = -0.02;
    private const double MostLocation = 3;
    private const double Belonging = 0.9;

    private readonly NbGroups? _groups = tables.Kind == NbPassKind.Start && tables.Shape.Components > 1 ? new NbGroups(tables) : null;

    /// <summary>m and s of q(t).</summary>
    public (double Location, double Scale) Posterior(in NbCellCoordinate coordinate, double total)
    {
        var xi = options.Capture == NbCapture.Anchored
            ? coordinate.AnchoredXi
            : double.Log(double.Max(total, 0.5)) - tables[NbPassField.StartLogTotal];
        var location = coordinate.Inverse(double.Clamp(xi, 0.9 * tables.Chebyshev.Low, NearestXi));
        if (options.Capture == NbCapture.Free)
        {
            // Nobody begins where the prior N(0, 1) has nothing: a cell without counts would take long to come back.
            location = double.Clamp(location, -MostLocation, MostLocation);
        }

        var slope = coordinate.XiOf(location).First;
        return (location, 1 / double.Sqrt(1 + (0.2 * double.Min(total, 500) * slope * slope)));
    }

    /// <summary>The responsibilities of a cell.</summary>
    public void Responsibilities(NbRow row, Span<double> responsibilities)
    {
        if (_groups is null)
        {
            return;
        }

        responsibilities.Fill((1 - Belonging) / (responsibilities.Length - 1));
        responsibilities[_groups.Nearest(row, row.Roots()).Group] = Belonging;
    }
}

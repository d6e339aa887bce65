using FitCluster.Math.Numerics;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// Where cells begin. q(t): xi from the cell's total (free: log max(L, 1/2) less a number of the broadcast; anchored: the prior's mean).
/// Mixture: K random directions z_k of the genes; a cell belongs, to 0.9, to the k with the greatest sum_g z_kg (sqrt(u_g / L) - centre_g),
/// so that cells alike begin together; another start has other directions.
/// </summary>
internal sealed class NbCellStart
{
    private const double NearestXi = -0.02;
    private const double MostLocation = 3;
    private const double Belonging = 0.9;
    private const ulong Stream = 0x6E62_5374_6172_7400;

    private readonly NbOptions _options;
    private readonly NbTables _tables;
    private readonly double[] _directions = [];
    private readonly double[] _centres = [];

    public NbCellStart(NbOptions options, NbTables tables)
    {
        (_options, _tables) = (options, tables);
        var (components, genes) = (tables.Shape.Components, tables.Shape.Genes);
        if (tables.Kind != NbPassKind.Start || components == 1)
        {
            return;
        }

        (_directions, _centres) = (new double[components * genes], new double[components]);
        var stream = Stream + (ulong)tables[NbPassField.StartNumber];
        for (var i = 0; i < _directions.Length; i++)
        {
            _directions[i] = Philox.Normal(options.Seed, stream, (ulong)i);
            _centres[i / genes] += _directions[i] * tables.StartCentre[i % genes];
        }
    }

    /// <summary>m and s of q(t).</summary>
    public (double Location, double Scale) Posterior(in NbCellCoordinate coordinate, double total)
    {
        var xi = _options.Capture == NbCapture.Anchored
            ? coordinate.AnchoredXi
            : double.Log(double.Max(total, 0.5)) - _tables[NbPassField.StartLogTotal];
        var location = coordinate.Inverse(double.Clamp(xi, 0.9 * _tables.Chebyshev.Low, NearestXi));
        if (_options.Capture == NbCapture.Free)
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
        if (_directions.Length == 0)
        {
            return;
        }

        var (genes, components) = (_tables.Shape.Genes, responsibilities.Length);
        var root = 1 / double.Max(row.Total, 1);
        var (best, most) = (0, double.NegativeInfinity);
        for (var k = 0; k < components; k++)
        {
            var direction = _directions.AsSpan(k * genes, genes);
            var score = -_centres[k];
            for (var n = 0; n < row.Genes.Length; n++)
            {
                score += direction[row.Genes[n]] * double.Sqrt(row.Counts[n] * root);
            }

            (best, most) = score > most ? (k, score) : (best, most);
        }

        responsibilities.Fill((1 - Belonging) / (components - 1));
        responsibilities[best] = Belonging;
    }
}

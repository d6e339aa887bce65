namespace FitCluster.Math.Ebmf;

/// <summary>The residual variance of an entry, from what a fit's results say of it.</summary>
public sealed class EbmfResidual
{
    private readonly EbmfNoise _noise;
    private readonly double[] _byRow;
    private readonly double[] _byColumn;

    /// <summary>Takes a fit's results.</summary>
    /// <param name="options">Of the fit's options the variance structure and the shape of known errors.</param>
    /// <param name="byRow">The shards' <see cref="EbmfResults.ResidualSd"/>, one for each row; empty where they have none.</param>
    /// <param name="byColumn">The coordinator's, one number or one for each column; empty where it has none.</param>
    public EbmfResidual(EbmfOptions options, double[] byRow, double[] byColumn) =>
        (_noise, _byRow, _byColumn) = (new EbmfNoise(options), byRow, byColumn);

    /// <summary>Whether an entry's own known standard error must be given: the results have the part that is added to it.</summary>
    public bool NeedsKnownError => _noise.ByEntry;

    /// <summary>The variance of e_ij.</summary>
    /// <param name="row">The row's index in the arrays by row.</param>
    /// <param name="column">The column's index.</param>
    /// <param name="knownError">S_ij, where <see cref="NeedsKnownError"/>.</param>
    public double Variance(int row, int column, double knownError = 0)
    {
        var ofColumn = _byColumn.Length switch { 0 => 1, 1 => _byColumn[0], _ => _byColumn[column] };
        var ofRow = _byRow.Length == 0 ? 1 : _byRow[row];
        if (!_noise.ByEntry)
        {
            return ofRow * ofRow * ofColumn * ofColumn;
        }

        var added = _noise.Variance switch { VarianceStructure.Known => 0, VarianceStructure.Row => ofRow, _ => ofColumn };
        return (knownError * knownError) + (added * added);
    }
}

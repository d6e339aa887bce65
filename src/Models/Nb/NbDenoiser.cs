using FitCluster.Data;
using FitCluster.Math.NegativeBinomial;

namespace FitCluster.Models.Nb;

/// <summary>
/// The molecules that were in a cell given those that were seen (<see cref="NbDensity.Denoise"/>), averaged over its components; genes'
/// parameters at the posterior's middle, capture at its posterior mean.
/// </summary>
internal sealed class NbDenoiser : IDenoiser
{
    private readonly MatrixSource _data;
    private readonly NbCellsOfFit _cells;
    private readonly NbDraw _middle;
    private readonly int _datasets;
    private readonly double[] _counts;

    public NbDenoiser(NbFit fit, MatrixSource data)
    {
        if (fit.Options.Capture == NbCapture.None && !fit.Options.ZeroInflation)
        {
            throw ProblemException.BadInput(
                $"the fit in '{fit.Fit.Folder}' has neither capture nor gates, so that in it nothing of a count is lost or noise: " +
                "there is nothing to denoise");
        }

        if (!fit.Fit.Rows.Equal(data.RowNames) || !fit.Fit.Columns.Equal(data.ColumnNames))
        {
            throw ProblemException.BadInput(
                $"the data are not those of the fit in '{fit.Fit.Folder}': their rows and columns are others; denoising needs the counts " +
                "that were fitted");
        }

        (_data, _cells, _datasets) = (data, new NbCellsOfFit(fit), fit.Options.Datasets.Count);
        _middle = new NbDraw(fit.Options.Components * _datasets, fit.Options.Genes);
        _counts = new double[fit.Options.Genes];
        fit.Draws().FillMiddle(_middle);
    }

    /// <inheritdoc/>
    public void Row(int row, Span<double> mean, Span<double> sd)
    {
        var block = _data.RowBlock(row, 1);
        _counts.AsSpan().Clear();
        if (block.IsSparse)
        {
            var columns = block.RowColumns(0);
            var values = block.RowValues(0);
            for (var t = 0; t < columns.Length; t++)
            {
                _counts[columns[t]] = values[t];
            }
        }
        else
        {
            block.DenseRows(0, 1).CopyTo(_counts);
        }

        block.KeepAlive();
        var (capture, dataset) = (_cells.Capture(row), _cells.Dataset(row));
        for (var g = 0; g < _counts.Length; g++)
        {
            // Within components, and Welford's update of the spread between them: no difference of large squares.
            var (middle, variance, sum) = (0.0, 0.0, 0.0);
            for (var k = 0; k < _cells.Components; k++)
            {
                var share = _cells.Share(row, k);
                if (share > 0)
                {
                    var (m, within) = _middle.Density((k * _datasets) + dataset, g).Denoise(_counts[g], capture);
                    var difference = m - middle;
                    sum += share;
                    middle += share / sum * difference;
                    variance += share * (within + (difference * (m - middle)));
                }
            }

            (mean[g], sd[g]) = (middle, double.Sqrt(variance / sum));
        }
    }
}

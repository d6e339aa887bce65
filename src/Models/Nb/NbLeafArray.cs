using FitCluster.Messages;

namespace FitCluster.Models.Nb;

/// <summary>
/// A parameter's numbers by leaf (component x dataset) and gene: its array has a row for each leaf, component or dataset, or one for all;
/// and a column for each gene, or one for all.
/// </summary>
internal sealed class NbLeafArray
{
    private readonly double[] _values;
    private readonly int _rows;
    private readonly int _width;
    private readonly int _components;
    private readonly int _datasets;

    /// <param name="array">The array: rows x genes, genes, rows, or one number.</param>
    /// <param name="components">K.</param>
    /// <param name="datasets">D.</param>
    /// <param name="genes">G.</param>
    public NbLeafArray(NamedArray array, int components, int datasets, int genes)
    {
        _values = array.Values;
        (_components, _datasets) = (components, datasets);
        var hasGenes = array.Shape.Length == 2 ? array.Shape[1] == genes : array.Values.Length == genes && genes != components * datasets;
        _width = hasGenes ? genes : 1;
        _rows = array.Values.Length / _width;
        if (_rows != 1 && _rows != components && _rows != datasets && _rows != components * datasets)
        {
            throw ProblemException.BadInput(
                $"{array.Name}.npy has {_rows} rows, but the fit has {components} components and {datasets} datasets: the folder holds " +
                "files of different fits; run the fit again");
        }
    }

    /// <summary>The number of a gene in a leaf.</summary>
    public double this[int component, int dataset, int gene]
    {
        get
        {
            var row = _rows == 1 ? 0
                : _rows == _components * _datasets ? (component * _datasets) + dataset
                : _rows == _components ? component : dataset;
            return _values[(row * _width) + (_width == 1 ? 0 : gene)];
        }
    }

    /// <summary>The names of its rows.</summary>
    public IReadOnlyList<string> RowNames(IReadOnlyList<string> components, IReadOnlyList<string> datasets) =>
        _rows == 1 ? ["all"]
        : _rows == components.Count && datasets.Count == 1 ? components
        : _rows == datasets.Count && components.Count == 1 ? datasets
        : _rows == components.Count * datasets.Count
            ? [.. components.SelectMany(component => datasets.Select(dataset => $"{component}:{dataset}"))]
        : _rows == components.Count ? components : datasets;

    /// <summary>The same with a row for each gene: genes x rows.</summary>
    public double[] ByGene()
    {
        var turned = new double[_values.Length];
        for (var row = 0; row < _rows; row++)
        {
            for (var gene = 0; gene < _width; gene++)
            {
                turned[(gene * _rows) + row] = _values[(row * _width) + gene];
            }
        }

        return turned;
    }

    /// <summary>Numbers of a row.</summary>
    public int Width => _width;
}

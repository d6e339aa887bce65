using FitCluster.Math.Ebnm;

namespace FitCluster.Math.Ebmf;

/// <summary>What is fitted and how, and what follows from it: the part of a fit that never changes.</summary>
internal sealed class EbmfProblem(EbmfOptions options)
{
    // From so many entries on the first factors come in together where nothing else is asked for.
    private const double BlockEntries = 1e6;

    /// <summary>The same problem of data in a unit.</summary>
    public EbmfProblem In(double unit) => unit is 0 or 1 ? this : new EbmfProblem(new EbmfUnit(unit, options).In(options));

    /// <summary>The options.</summary>
    public EbmfOptions Options => options;

    /// <summary>How precisions are made up.</summary>
    public EbmfNoise Noise { get; } = new(options);

    /// <summary>How priors are fitted: by plain maximum likelihood, as the ELBO wants it.</summary>
    public EbnmOptions Ebnm { get; } = new() { NullWeight = 1 };

    /// <summary>The tolerance in force: the given one, or rows x columns x sqrt(machine epsilon).</summary>
    public double Tolerance { get; } =
        options.Tolerance ?? options.Rows * (double)options.Columns * double.Sqrt(double.BitIncrement(1) - 1);

    /// <summary>Columns of the data, p.</summary>
    public int Columns => options.Columns;

    /// <summary>The family of the loadings of factor k.</summary>
    public PriorFamily LoadingsFamily(int k) => options.LoadingsPrior[int.Min(k, options.LoadingsPrior.Count - 1)];

    /// <summary>The family of factor k.</summary>
    public PriorFamily FactorsFamily(int k) => options.FactorsPrior[int.Min(k, options.FactorsPrior.Count - 1)];

    /// <summary>The sign that the loadings of factor k must have.</summary>
    public int LoadingsSign(int k) => EbnmFamilies.Get(LoadingsFamily(k)).Traits.Sign;

    /// <summary>The sign that factor k must have.</summary>
    public int FactorsSign(int k) => EbnmFamilies.Get(FactorsFamily(k)).Traits.Sign;

    /// <summary>Whether some entry of the whole matrix is missing or weighted on its own, so that sums by column are needed.</summary>
    public bool IsByColumn(EbmfState state) => Noise.ByEntry || state.Observed < options.Rows * (double)options.Columns;

    /// <summary>Whether factors may come in together: they are refined together, and by blocked sweeps.</summary>
    public bool AdmitsBlock { get; } =
        options is { Greedy: true, Backfit: true, MaxFactors: > 0 }
        && options.LoadingsPrior.All(f => EbnmFamilies.Get(f).Traits is { Sign: 0, NeedsFullFits: false })
        && options.FactorsPrior.All(f => EbnmFamilies.Get(f).Traits.Sign == 0);

    /// <summary>Whether the first factors come in together (<see cref="EbmfInit.Block"/>).</summary>
    public bool StartsWithBlock => AdmitsBlock
        && (options.Init == EbmfInit.Block
            || (options.Init == EbmfInit.Automatic && options.Rows * (double)options.Columns >= BlockEntries));

    /// <summary>The given start of a factor, by column.</summary>
    public double[] InitialFactor(int k) => Column(options.InitialFactors, options.InitialFactorCount, k);

    /// <summary>The fixed entry of factor k at a column; null where it is free.</summary>
    public double? FixedEntry(int k, int column)
    {
        if (k >= options.FixedFactorCount || options.FixedFactors.Length == 0)
        {
            return null;
        }

        var value = options.FixedFactors[(column * options.FixedFactorCount) + k];
        return double.IsNaN(value) ? null : value;
    }

    /// <summary>Column k of a row-major matrix of so many columns.</summary>
    public static double[] Column(double[] values, int width, int k) =>
        [.. Enumerable.Range(0, values.Length / width).Select(j => values[(j * width) + k])];
}

namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// What a model consists of on the coordinator's side: the coordinates of a gene and how a leaf's parameters are sums of them, the scalars,
/// and the priors. See <see cref="NbBlock"/>; hyperpriors by SCRIBE's pages 2.4.
/// </summary>
internal sealed class NbStructure
{
    private readonly List<NbScalar> _scalars = [];
    private readonly List<NbBlock> _blocks = [];
    private readonly List<NbNormalPrior> _normals = [];
    private readonly List<(NbDimension Dimension, bool IsEffect)> _coordinates = [];
    private readonly int[]?[][] _sums;

    /// <summary>The structure of a model.</summary>
    public NbStructure(NbOptions options)
    {
        (Options, Shape) = (options, NbShape.Of(options));
        _sums = [.. Enumerable.Range(0, 4).Select(_ => new int[]?[Shape.Leaves])];
        SecondScalar = new int[Shape.Leaves];
        SecondScalar.AsSpan().Fill(-1);
        IsSecondByGene = options.Parametrization == NbParametrization.MeanDisp || options.Priors.ProbabilityGenes.Family != NbFamily.None ||
            (options.Priors.ProbabilityDatasets.Family != NbFamily.None && options.Priors.ProbabilityMode != NbProbabilityMode.Scalar);

        // Coordinates first: blocks are matrices over all of them.
        var priors = new List<Action>();
        AddFirst(priors);
        AddSecond(priors);
        if (options.ZeroInflation)
        {
            AddGate(priors);
        }

        if (Shape.ByEntry)
        {
            AddOmega(priors);
        }

        priors.ForEach(add => add());
        Dimensions = [.. Enum.GetValues<NbDimension>().Where(dimension => _sums[(int)dimension][0] is not null)];
    }

    /// <summary>The model.</summary>
    public NbOptions Options { get; }

    /// <summary>Its leaves.</summary>
    public NbShape Shape { get; }

    /// <summary>n, the coordinates of a gene.</summary>
    public int Coordinates => _coordinates.Count;

    /// <summary>Whether t2 is a gene's.</summary>
    public bool IsSecondByGene { get; }

    /// <summary>The parameters of a leaf that are a gene's, in order.</summary>
    public IReadOnlyList<NbDimension> Dimensions { get; }

    /// <summary>By leaf, the scalar that is t2 of all its genes; -1 where t2 is by gene.</summary>
    public int[] SecondScalar { get; }

    /// <summary>The scalars.</summary>
    public IReadOnlyList<NbScalar> Scalars => _scalars;

    /// <summary>Hierarchies of the genes' coordinates.</summary>
    public IReadOnlyList<NbBlock> Blocks => _blocks;

    /// <summary>The hierarchy of t2 that are scalars, over scalars (not genes' coordinates); null: none.</summary>
    public NbBlock? ScalarBlock { get; private set; }

    /// <summary>Independent coordinates.</summary>
    public IReadOnlyList<NbNormalPrior> Normals => _normals;

    /// <summary>What a coordinate is of.</summary>
    public NbDimension DimensionOf(int coordinate) => _coordinates[coordinate].Dimension;

    /// <summary>Whether a coordinate is a factor's effect.</summary>
    public bool IsEffect(int coordinate) => _coordinates[coordinate].IsEffect;

    /// <summary>The coordinates whose sum is a leaf's parameter.</summary>
    public ReadOnlySpan<int> Sum(int leaf, NbDimension dimension) => _sums[(int)dimension][leaf];

    // A hierarchy of datasets where there is only one is the model without it.
    private bool HasDatasets(NbHierarchy hierarchy) => hierarchy.Family != NbFamily.None && Shape.Datasets > 1;

    private int NewCoordinate(NbDimension dimension, bool isEffect = false)
    {
        _coordinates.Add((dimension, isEffect));
        return _coordinates.Count - 1;
    }

    private int NewScalar(string name, NbScalarPrior prior, double a, double b, double location, double scale)
    {
        _scalars.Add(new NbScalar(name, prior, a, b, location, scale));
        return _scalars.Count - 1;
    }

    // One coordinate for each component (where it differs by component) and dataset (where it differs by dataset): [component][dataset].
    private int[][] Leaves(NbDimension dimension, bool byComponent, bool byDataset)
    {
        var leaves = new int[byComponent ? Shape.Components : 1][];
        for (var k = 0; k < leaves.Length; k++)
        {
            leaves[k] = new int[byDataset ? Shape.Datasets : 1];
            for (var d = 0; d < leaves[k].Length; d++)
            {
                leaves[k][d] = NewCoordinate(dimension);
            }
        }

        for (var leaf = 0; leaf < Shape.Leaves; leaf++)
        {
            var (k, d) = (leaf / Shape.Datasets, leaf % Shape.Datasets);
            _sums[(int)dimension][leaf] = [leaves[byComponent ? k : 0][byDataset ? d : 0]];
        }

        return leaves;
    }

    private void AddFirst(List<Action> priors)
    {
        var p = Options.Priors;
        if (Options.Design.Count > 0)
        {
            AddDesign(priors);
            return;
        }

        var byDataset = HasDatasets(p.MeanDatasets);
        var leaves = Leaves(NbDimension.First, true, byDataset);
        if (byDataset)
        {
            priors.Add(() => AddExchangeable("mean_datasets", p.MeanDatasets, leaves, -2));
        }
        else if (p.MeanComponents.Family != NbFamily.None)
        {
            priors.Add(() => AddExchangeable("mean_components", p.MeanComponents, [[.. leaves.Select(row => row[0])]], -2));
        }
        else
        {
            priors.Add(() => AddNormals(leaves, 0));
        }
    }

    private void AddDesign(List<Action> priors)
    {
        var sums = _sums[(int)NbDimension.First];
        var centres = new int[Shape.Components];
        for (var k = 0; k < centres.Length; k++)
        {
            centres[k] = NewCoordinate(NbDimension.First);
            for (var d = 0; d < Shape.Datasets; d++)
            {
                sums[Shape.Leaf(k, d)] = [centres[k]];
            }
        }

        priors.Add(() => AddNormals([centres], 0));
        foreach (var factor in Options.Design)
        {
            List<int> effects = [];
            for (var k = 0; k < Shape.Components; k++)
            {
                var levels = new int[factor.Levels.Count];
                for (var level = 0; level < levels.Length; level++)
                {
                    levels[level] = NewCoordinate(NbDimension.First, true);
                }

                for (var d = 0; d < Shape.Datasets; d++)
                {
                    var leaf = Shape.Leaf(k, d);
                    sums[leaf] = [.. sums[leaf]!, levels[factor.LevelOfDataset[d]]];
                }

                effects.AddRange(levels);
            }

            priors.Add(factor.Hierarchy.Family == NbFamily.None
                ? () => _normals.AddRange(effects.Select(i => new NbNormalPrior(i, 0, factor.FixedScale)))
                : () =>
                {
                    var block = NewBlock("factor_" + factor.Name, factor.Hierarchy, -1, -2);
                    block.AddIndependent([.. effects]);
                    _blocks.Add(block);
                });
        }
    }

    private void AddSecond(List<Action> priors)
    {
        var p = Options.Priors;
        if (Options.Parametrization == NbParametrization.MeanDisp)
        {
            var byDataset = HasDatasets(p.DispersionDatasets);
            var leaves = Leaves(NbDimension.Second, true, byDataset);
            priors.Add(byDataset ? () => AddExchangeable("dispersion_datasets", p.DispersionDatasets, leaves, -2) : () =>
                AddNormals(leaves, 0));
            return;
        }

        var isByDataset = HasDatasets(p.ProbabilityDatasets);
        if (!IsSecondByGene)
        {
            AddSecondScalars(isByDataset);
            return;
        }

        var byGene = Leaves(NbDimension.Second, true, isByDataset);
        if (isByDataset && p.ProbabilityMode == NbProbabilityMode.TwoLevel)
        {
            int[] centres = [.. byGene.Select(_ => NewCoordinate(NbDimension.Second))];
            priors.Add(() =>
            {
                var block = NewBlock("probability_datasets", p.ProbabilityDatasets, -1, 0);
                for (var k = 0; k < centres.Length; k++)
                {
                    block.AddAbout(byGene[k], centres[k]);
                }

                _blocks.Add(block);
                AddAboutScalar("probability_genes", p.ProbabilityGenes, [centres], 0, 1, 0);
            });
        }
        else if (isByDataset)
        {
            priors.Add(() => AddExchangeable("probability_datasets", p.ProbabilityDatasets, byGene, 0));
        }
        else if (p.ProbabilityGenes.Family != NbFamily.None)
        {
            priors.Add(() => AddAboutScalar("probability_genes", p.ProbabilityGenes, byGene, 0, 1, 0));
        }
        else
        {
            priors.Add(() => AddNormals(byGene, 0));
        }
    }

    // One t2 for all genes of a component, or of a component and dataset under a hierarchy of their own.
    private void AddSecondScalars(bool byDataset)
    {
        List<int[]> groups = [];
        for (var k = 0; k < Shape.Components; k++)
        {
            var group = new int[byDataset ? Shape.Datasets : 1];
            for (var d = 0; d < group.Length; d++)
            {
                group[d] = NewScalar($"probability_{k}_{d}", NbScalarPrior.Normal, 0, 1, 0, 0.05);
            }

            for (var d = 0; d < Shape.Datasets; d++)
            {
                SecondScalar[Shape.Leaf(k, d)] = group[byDataset ? d : 0];
            }

            groups.Add(group);
        }

        if (byDataset)
        {
            var hierarchy = Options.Priors.ProbabilityDatasets;
            var (scale, slab) = NewScales("probability_datasets", hierarchy, 0);
            ScalarBlock = new NbBlock("probability_datasets", hierarchy, _scalars.Count) { Scale = scale, Slab = slab };
            groups.ForEach(group => ScalarBlock.AddExchangeable(group));
        }
    }

    private void AddGate(List<Action> priors)
    {
        var p = Options.Priors;
        var byDataset = HasDatasets(p.GateDatasets);
        var leaves = Leaves(NbDimension.Gate, true, byDataset);
        priors.Add(
            byDataset ? () => AddAboutScalar("gate_datasets", p.GateDatasets, leaves, -5, 0.01, -2)
            : p.GateGenes.Family != NbFamily.None ? () => AddAboutScalar("gate_genes", p.GateGenes, leaves, -5, 1, -2)
            : () => AddNormals(leaves, -2));
    }

    private void AddOmega(List<Action> priors)
    {
        var p = Options.Priors;
        var byDataset = HasDatasets(p.OverdispersionDatasets);
        var leaves = Leaves(NbDimension.Omega, false, byDataset);
        var hierarchy = byDataset ? p.OverdispersionDatasets
            : p.OverdispersionGenes.Family == NbFamily.None ? new NbHierarchy(NbFamily.Horseshoe) : p.OverdispersionGenes;
        var isGaussian = hierarchy.Family == NbFamily.Gaussian;
        priors.Add(() => AddAboutScalar(byDataset ? "overdispersion_datasets" : "overdispersion_genes", hierarchy, leaves, isGaussian ? 0
            : -5, 1, 0, isGaussian ? 1 : 0.5));
    }

    private void AddNormals(int[][] leaves, double mean) =>
        _normals.AddRange(leaves.SelectMany(row => row).Select(i => new NbNormalPrior(i, mean, 1)));

    private void AddExchangeable(string name, NbHierarchy hierarchy, int[][] groups, double scaleMean)
    {
        var block = NewBlock(name, hierarchy, -1, scaleMean);
        foreach (var group in groups)
        {
            block.AddExchangeable(group);
        }

        _blocks.Add(block);
    }

    private void AddAboutScalar(
        string name, NbHierarchy hierarchy, int[][] leaves, double mean, double sd, double scaleMean, double scaleSd = 0.5)
    {
        var location = NewScalar(name + "_location", NbScalarPrior.Normal, mean, sd, mean, double.Min(0.1, sd));
        var block = NewBlock(name, hierarchy, location, scaleMean, scaleSd);
        block.AddIndependent([.. leaves.SelectMany(row => row)]);
        _blocks.Add(block);
    }

    private NbBlock NewBlock(string name, NbHierarchy hierarchy, int location, double scaleMean, double scaleSd = 0.5)
    {
        var (scale, slab) = NewScales(name, hierarchy, scaleMean, scaleSd);
        return new NbBlock(name, hierarchy, Coordinates) { Location = location, Scale = scale, Slab = slab };
    }

    private (int Scale, int Slab) NewScales(string name, NbHierarchy hierarchy, double scaleMean, double scaleSd = 0.5)
    {
        if (hierarchy.Family == NbFamily.Gaussian)
        {
            return (NewScalar(name + "_scale", NbScalarPrior.Normal, scaleMean, scaleSd, scaleMean, 0.2), -1);
        }

        if (hierarchy.Family != NbFamily.Horseshoe)
        {
            return (-1, -1);
        }

        var half = hierarchy.SlabDf / 2;
        var slabScale = half * hierarchy.SlabScale * hierarchy.SlabScale;
        return (
            NewScalar(name + "_log_tau", NbScalarPrior.LogHalfCauchy, hierarchy.Tau0, 0, double.Log(hierarchy.Tau0) - 2, 0.3),
            NewScalar(name + "_log_slab", NbScalarPrior.LogInverseGamma, half, slabScale, double.Log(slabScale / half), 0.5));
    }
}

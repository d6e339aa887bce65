using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FitCluster.Data;
using FitCluster.Math.Models;
using FitCluster.Math.NegativeBinomial;
using FitCluster.Messages;
using FitCluster.Models.Jobs;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Nb;

/// <summary>A job of the model nb.</summary>
internal sealed class NbJob : ModelJob
{
    // By cell: location and scale of capture, and twice that for results.
    private const int NumbersByCell = 4;

    // By gene and coordinate: what a coordinator holds beside the factor of the covariance.
    private const int NumbersByCoordinate = 8;

    private readonly MatrixSource _data;
    private readonly NbDesign _design;
    private readonly NbLabels? _labels;
    private readonly string? _anchor;

    /// <exception cref="ProblemException">The spec does not fit the data; every problem is listed.</exception>
    public NbJob(ModelRequest request, NbMethods methods)
        : base(request)
    {
        _data = request.Data;
        var problems = new ProblemList();
        var design = NbDesign.Read(request.Spec.Data, request.Section, _data, problems);
        if (design is not null)
        {
            NbCheck.Hierarchies(request.Section, design.Datasets.Names.Count, problems);
            NbCheck.Data(request.Section, _data, design.Datasets, problems);
        }

        _labels = NbLabels.Read(request.Section, _data, problems);
        problems.ThrowIfAny();
        _design = design!;
        (Section, _anchor) = Decided(request.Section);
        Options = OptionsOf(Section, _design.Datasets.Names, _design.Factors, _data.Columns, _data.Rows, request.Seed);
        Model = Made(methods);
        DataHash = _design.Datasets.Names.Count == 1 && _labels is null
            ? _data.ContentHash
            : Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(
                _data.ContentHash + _design.Datasets.Hash + _labels?.Hash + string.Join(',', _design.Factors.Select(HashOf)))));
        Output = new NbOutput(request, Options, methods, _design.Datasets, ComponentNames);
    }

    /// <summary>The options, decided.</summary>
    public NbOptions Options { get; }

    /// <inheritdoc/>
    public override SpecSection Section { get; }

    /// <inheritdoc/>
    public override IFitModel Model { get; }

    /// <inheritdoc/>
    public override string DataHash { get; }

    /// <inheritdoc/>
    public override ModelOutput Output { get; }

    /// <inheritdoc/>
    public override string Title => string.Create(
        CultureInfo.InvariantCulture,
        $"nb, {Words(Options)}: {Options.Genes} genes, {Options.Components} components, {Options.Datasets.Count} datasets");

    /// <inheritdoc/>
    public override IEnumerable<string> Notes =>
    [
        .. _design.Datasets.Notes,
        .. Options.Datasets.Count == 1 ? Array.Empty<string>() : [DatasetWords],
        .. _anchor is null ? Array.Empty<string>() : [_anchor],
    ];

    /// <inheritdoc/>
    public override SizeEstimate Sizes
    {
        get
        {
            var (n, g, k) = (_data.Rows, (long)_data.Columns, (long)Options.Components);
            var leaves = k * Options.Datasets.Count;
            var coordinates = leaves * ((Options.Overdispersion == NbOverdispersion.None ? 0 : 1) + (Options.ZeroInflation ? 1 : 0) + 2);
            var state = 8 * ((n * (NumbersByCell + k)) + (g * coordinates * (NumbersByCoordinate + (coordinates / 2))));
            var result = 8 * ((n * (NumbersByCell + k + 2)) + (g * ((8 * leaves) + (coordinates * (coordinates + 3) / 2))));
            return SizeEstimate.Of(_data.StoredBytes + (_labels is null ? 0 : 8 * n * k), state, result);
        }
    }

    private string[] ComponentNames =>
        [.. Enumerable.Range(0, Options.Components).Select(k => k < _labels?.Names.Count ? _labels.Names[k] : $"component{k + 1}")];

    private string DatasetWords => $"{Options.Datasets.Count} datasets: " +
        string.Join(", ", Options.Datasets.Zip(_design.Datasets.Counts, (name, cells) => $"{name} ({cells} cells)").Take(10)) +
        (Options.Datasets.Count > 10 ? ", ..." : "");

    /// <inheritdoc/>
    public override void WritePlan(Utf8JsonWriter writer)
    {
        writer.WriteNumber("components", Options.Components);
        writer.WriteNumber("datasets", Options.Datasets.Count);
    }

    /// <inheritdoc/>
    public override ShardData Load(ShardId shard, ShardRange range)
    {
        var extras = new ArraySet();
        if (Options.Datasets.Count > 1)
        {
            var of = _design.Datasets.OfRow.AsSpan((int)range.First, range.Count);
            var datasets = new double[range.Count];
            for (var i = 0; i < datasets.Length; i++)
            {
                datasets[i] = of[i];
            }

            extras.Set(NbCells.DatasetExtra, datasets);
        }

        if (_labels is not null)
        {
            extras.Set(NbCells.LabelExtra, _labels.Logits(range, Options.Components), [range.Count, Options.Components]);
        }

        return new ShardData(shard, range.First, _data.Rows, _data.RowBlock(range), null, extras);
    }

    /// <summary>The model's options of a section that is decided.</summary>
    public static NbOptions OptionsOf(
        SpecSection s, IReadOnlyList<string> datasets, IReadOnlyList<NbFactor> factors, int genes, long cells, ulong seed)
    {
        var priors = s.Get(NbFields.Priors);
        return new NbOptions
        {
            Genes = genes,
            Cells = cells,
            Seed = seed,
            Datasets = datasets,
            Design = factors,
            Parametrization = s.Get(NbFields.Parametrization),
            Link = s.Get(NbFields.Link),
            ZeroInflation = s.Get(NbFields.ZeroInflation),
            Capture = s.Get(NbFields.Capture),
            LogCaptureTotal = double.Log(s.Get(NbFields.CaptureTotal).Number ?? 1),
            CaptureSd = s.Get(NbFields.CaptureSd),
            Overdispersion = s.Get(NbFields.Overdispersion),
            Components = s.Get(NbFields.Components),
            DatasetWeights = s.Get(NbFields.Weights) == NbWeights.Datasets,
            WeightConcentration = s.Get(NbFields.WeightConcentration),
            Priors = new NbPriors
            {
                MeanComponents = priors.MeanComponents ?? NbHierarchy.None,
                MeanDatasets = priors.MeanDatasets ?? NbHierarchy.None,
                ProbabilityGenes = priors.ProbabilityGenes ?? NbHierarchy.None,
                ProbabilityDatasets = priors.ProbabilityDatasets ?? NbHierarchy.None,
                ProbabilityMode = priors.ProbabilityMode ?? NbProbabilityMode.GeneSpecific,
                GateGenes = priors.GateGenes ?? NbHierarchy.None,
                GateDatasets = priors.GateDatasets ?? NbHierarchy.None,
                OverdispersionGenes = priors.OverdispersionGenes ?? NbHierarchy.None,
                OverdispersionDatasets = priors.OverdispersionDatasets ?? NbHierarchy.None,
                DispersionDatasets = priors.DispersionDatasets ?? NbHierarchy.None,
            },
            Optimizer = s.Get(NbFields.Optimizer),
            Tolerance = s.Get(NbFields.Tolerance),
            Starts = s.Get(NbFields.Starts),
            Steps = s.Get(NbFields.Steps),
            LearningRate = s.Get(NbFields.LearningRate),
            BatchSize = s.Get(NbFields.BatchSize),
            EarlyStopping = s.Get(NbFields.EarlyStopping),
            RestoreBest = s.Get(NbFields.RestoreBest),
        };
    }

    /// <summary>The model in words.</summary>
    public static string Words(NbOptions options) =>
        (options.Overdispersion == NbOverdispersion.Bnb ? "beta negative binomial" : "negative binomial") +
        (options.ZeroInflation ? ", zero-inflated" : "") + options.Capture switch
        {
            NbCapture.None => "",
            NbCapture.Free => ", free capture",
            _ => ", anchored capture",
        };

    // A model may lack what options ask for: it says so.
    private IFitModel Made(NbMethods methods)
    {
        try
        {
            return methods.Model(Options);
        }
        catch (ArgumentException e)
        {
            var end = e.Message.IndexOf(" (Parameter", StringComparison.Ordinal);
            throw new ProblemException(
                ExitCode.BadInput, [.. (end < 0 ? e.Message : e.Message[..end]).Split("; ").Select(problem => $"nb: {problem}")], e);
        }
    }

    // Everything that depends on the data or on other options, and what to say of the anchor.
    private (SpecSection Section, string? Anchor) Decided(SpecSection section)
    {
        string? anchor = null;
        var several = _design.Datasets.Names.Count > 1;
        if (section.Get(NbFields.Capture) == NbCapture.Anchored && section.Get(NbFields.CaptureTotal).Number is null)
        {
            var (largest, row) = LargestTotal();
            section = section.With(NbFields.CaptureTotal, new NbCaptureTotal(largest));
            anchor = FormattableString.Invariant(
                $"capture is anchored at the largest total of a cell, {largest:N0} counts ('{_data.RowNames[row]}'): ") +
                "means are counts of such a cell; nb.captureTotal says how many molecules a cell has";
        }

        if (section.Get(NbFields.Components) > 1)
        {
            section = section.With(NbFields.Weights, section.Get(NbFields.Weights) ?? (several ? NbWeights.Datasets : NbWeights.Shared));
        }

        var priors = section.Get(NbFields.Priors);
        var horseshoe = new NbHierarchy(NbFamily.Horseshoe);
        priors = priors with
        {
            MeanDatasets = priors.MeanDatasets ?? (several && _design.Factors.Count == 0 ? horseshoe : null),
            OverdispersionGenes = priors.OverdispersionGenes ??
                (section.Get(NbFields.Overdispersion) == NbOverdispersion.Bnb ? horseshoe : null),
        };
        return (section.With(NbFields.Priors, priors), anchor);
    }

    private (double Total, int Row) LargestTotal()
    {
        var (largest, at) = (0.0, 0);
        for (var row = 0; row < _data.Rows; row++)
        {
            var block = _data.RowBlock(row, 1);
            var total = System.Numerics.Tensors.TensorPrimitives.Sum(block.IsSparse ? block.RowValues(0) : block.DenseRows(0, 1));
            block.KeepAlive();
            if (total > largest)
            {
                (largest, at) = (total, row);
            }
        }

        return (largest, at);
    }

    private static string HashOf(NbFactor factor) =>
        $"{factor.Name}={string.Join('\0', factor.Levels)}/{string.Join(' ', factor.LevelOfDataset)}";
}

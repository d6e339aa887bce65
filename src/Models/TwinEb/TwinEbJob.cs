using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FitCluster.Data;
using FitCluster.Math.Models;
using FitCluster.Math.TwinEb;
using FitCluster.Messages;
using FitCluster.Models.Jobs;
using FitCluster.Models.Spec;

namespace FitCluster.Models.TwinEb;

/// <summary>A job of the model twineb.</summary>
internal sealed class TwinEbJob : ModelJob
{
    private const int DefaultRowComponents = 70;
    private const int DefaultColumnComponents = 100;

    // By row and factor: at most parameters, moments, best and kept of the reference optimizer, two numbers each.
    private const int NumbersByRow = 10;
    private const int NumbersByColumn = 16;

    // Of a fit to start from means and standard deviations by row, and the shards' copies of them.
    private const int NumbersOfStart = 4;

    private readonly MatrixSource _data;
    private readonly TwinEbOptions _options;
    private readonly TwinEbStartingFit? _from;
    private readonly IHeldOutSplit? _split;
    private readonly Lazy<ColumnScale>? _scale;
    private readonly double? _threshold;

    /// <exception cref="ProblemException">The spec does not fit the data; every problem is listed.</exception>
    public TwinEbJob(ModelRequest request)
        : base(request)
    {
        var (spec, data) = (request.Spec, request.Data);
        _data = data;
        _from = request.From is { } from ? new TwinEbStartingFit(from, request.Section, data) : null;
        Section = Decided(_from?.Section ?? request.Section, data);
        _threshold = Section.Get(TwinEbFields.Binarize);
        _options = OptionsOf(Section, data.Rows, data.Columns, spec.Seed) with { Start = _from?.Start };
        var problems = TwinEbOptionsCheck.Problems(_options);
        if (problems.Count > 0)
        {
            throw new ProblemException(ExitCode.BadInput, [.. problems.Select(p => $"twineb: {p}")]);
        }

        if (_threshold is { } threshold && !AnyAbove(data, threshold))
        {
            throw ProblemException.BadInput(string.Create(
                CultureInfo.InvariantCulture,
                $"twineb.binarize is {threshold}, and the data have no entry above it: of zeros alone there is nothing to fit; lower it"));
        }

        _split = Section.Get(TwinEbFields.Split) is { } folder ? new GivenSplit(folder, data, IsCounts, _threshold)
            : TwinEbEffects.HoldsOut(Section) ? new ProtocolSplit(
                Section, (ulong?)Section.Get(TwinEbFields.SplitSeed) ?? spec.Seed, data.Rows)
            : null;
        _scale = !IsCounts && Section.Get(TwinEbFields.Standardize)
            ? new Lazy<ColumnScale>(() => _from?.Scale ?? ColumnScale.Of(data, request.Ranges, _split)) : null;
        Model = _options.Optimizer == TwinEbOptimizer.Reference ? new TwinEbReferenceModel(_options) : new TwinEbConjugateModel(_options);
        DataHash = _split is null or { Content: "" }
            ? data.ContentHash
            : Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(data.ContentHash + _split.Content)));
        Action<string>? writeSplit = _split is not null && Section.Get(TwinEbFields.WriteSplit)
            ? to => SplitFiles.Write(to, data, request.Ranges, _split, IsCounts, _threshold)
            : null;
        Output = new TwinEbOutput(request, _options, writeSplit, _scale);
    }

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
        $"twineb, {LikelihoodWords.Of(_options.Likelihood)}, prior {_options.Prior.ToString().ToLowerInvariant()}: " +
        $"{_options.Factors} factors, {_options.RowComponents} row and {_options.ColumnComponents} column components");

    /// <inheritdoc/>
    public override IEnumerable<string> Notes =>
        [
            .. IsCounts && _threshold is null && RatingScale.Describe(_data) is { } words ? new[] { words } : [],
            .. _split is GivenSplit given ? given.Notes : [],
        ];

    /// <inheritdoc/>
    public override SizeEstimate Sizes
    {
        get
        {
            var (n, d, l) = (_data.Rows, (long)_data.Columns, (long)_options.Factors);
            var packed = !IsCounts && _options.Optimizer == TwinEbOptimizer.Default ? l * (l + 1) : 0;
            var priors = 6 * l * (_options.RowComponents + _options.ColumnComponents);
            var state = 8 * ((n * l * NumbersByRow) + (d * ((l * NumbersByColumn) + packed)) + priors);
            // Shards hold copies where entries are held out or changed; a cell that is held out takes three numbers.
            var copies = TwinEbShard.Rebuilds(_data, _threshold, _scale is not null, _split)
                ? _data.StoredBytes + (long)(24 * TwinEbEffects.Validation(Section) * n * d)
                : 0;
            var given = _from is null ? 0 : NumbersOfStart * 8 * n * l;
            var frozen = _options.Optimizer != TwinEbOptimizer.Default ? 0 : IsCounts ? 8 * l * d : 4 * packed * d;
            return SizeEstimate.Of(_data.StoredBytes + copies + given, state, (16 * l * (n + d)) + frozen);
        }
    }

    private bool IsCounts => _options.Likelihood != TwinEbLikelihood.Gaussian;

    /// <inheritdoc/>
    public override void WritePlan(Utf8JsonWriter writer)
    {
        writer.WriteNumber("factors", _options.Factors);
        writer.WriteNumber("rowComponents", _options.RowComponents);
        writer.WriteNumber("columnComponents", _options.ColumnComponents);
    }

    /// <inheritdoc/>
    public override ShardData Load(ShardId shard, ShardRange range)
    {
        var loaded = TwinEbShard.Load(_data, shard, range, IsCounts, _threshold, _scale?.Value, _split);
        _from?.AddTo(loaded.Extras, range);
        return loaded;
    }

    /// <summary>The model's options.</summary>
    public static TwinEbOptions OptionsOf(SpecSection s, long rows, int columns, ulong seed) => new()
    {
        Rows = rows,
        Columns = columns,
        Seed = seed,
        RowComponents = s.Get(TwinEbFields.RowComponents) ?? DefaultRowComponents,
        ColumnComponents = s.Get(TwinEbFields.ColumnComponents) ?? DefaultColumnComponents,
        Likelihood = s.Get(TwinEbFields.Likelihood),
        Prior = s.Get(TwinEbFields.Prior),
        Optimizer = s.Get(TwinEbFields.Optimizer),
        Factors = s.Get(TwinEbFields.Factors),
        Steps = s.Get(TwinEbFields.Steps),
        ProjectionSteps = s.Get(TwinEbFields.ProjectionSteps),
        Tolerance = s.Get(TwinEbFields.Tolerance),
        Restarts = s.Get(TwinEbFields.Restarts),
        HeldOutSamples = s.Get(TwinEbFields.HeldOutSamples),
        HeldOutSubtractsValue = s.Get(TwinEbFields.HeldOutSubtractsValue),
        HeldOutZeroSample = s.Get(TwinEbFields.HeldOutZeroSample),
        NoiseSd = s.Get(TwinEbFields.NoiseSd),
        RowPriorShape = s.Get(TwinEbFields.RowPriorShape),
        RowPriorRate = s.Get(TwinEbFields.RowPriorRate),
        RowPriorScale = s.Get(TwinEbFields.RowPriorScale),
        ColumnPriorShape = s.Get(TwinEbFields.ColumnPriorShape),
        ColumnPriorRate = s.Get(TwinEbFields.ColumnPriorRate),
        ColumnPriorScale = s.Get(TwinEbFields.ColumnPriorScale),
        Particles = s.Get(TwinEbFields.Particles),
        BatchSize = s.Get(TwinEbFields.BatchSize),
        RowLearningRate = s.Get(TwinEbFields.RowLearningRate),
        ColumnLearningRate = s.Get(TwinEbFields.ColumnLearningRate),
        MixtureLearningRate = s.Get(TwinEbFields.MixtureLearningRate),
        ClipNorm = s.Get(TwinEbFields.ClipNorm),
        WeightDecay = s.Get(TwinEbFields.WeightDecay),
        PlateauFactor = s.Get(TwinEbFields.PlateauFactor),
        PlateauPatience = s.Get(TwinEbFields.PlateauPatience),
        PlateauThreshold = s.Get(TwinEbFields.PlateauThreshold),
        EarlyStopEpochs = s.Get(TwinEbFields.EarlyStopEpochs),
        EarlyStopRise = s.Get(TwinEbFields.EarlyStopRise),
        LeastLearningRate = s.Get(TwinEbFields.LeastLearningRate),
        DivergenceFactor = s.Get(TwinEbFields.DivergenceFactor),
        Retries = s.Get(TwinEbFields.Retries),
        RestoreBest = s.Get(TwinEbFields.RestoreBest),
        LocalSteps = s.Get(TwinEbFields.LocalSteps),
    };

    // Reads rows until one has such an entry: of most data the first.
    private static bool AnyAbove(MatrixSource data, double threshold)
    {
        for (var row = 0L; row < data.Rows; row++)
        {
            var entries = new TwinEbRow(data.RowBlock(row, 1), isCounts: true, threshold);
            entries.Read(0);
            if (entries.Values.ContainsAnyExcept(0.0))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A section in which everything is decided that depends on the data or on other options.</summary>
    private static SpecSection Decided(SpecSection section, MatrixSource data) => section
        .With(TwinEbFields.RowComponents, section.Get(TwinEbFields.RowComponents) ?? (int)long.Min(DefaultRowComponents, data.Rows))
        .With(TwinEbFields.ColumnComponents, section.Get(TwinEbFields.ColumnComponents) ?? int.Min(DefaultColumnComponents, data.Columns))
        .With(TwinEbFields.ValidationShare, TwinEbEffects.Validation(section))
        .With(TwinEbFields.TestShare, TwinEbEffects.Tested(section));
}

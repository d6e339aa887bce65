using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FitCluster.Data;
using FitCluster.Math.Ebmf;
using FitCluster.Math.Models;
using FitCluster.Messages;
using FitCluster.Models.Jobs;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Ebmf;

/// <summary>A job of the model ebmf.</summary>
internal sealed class EbmfJob : ModelJob
{
    private const int DefaultMaxFactors = 50;

    // A loading is kept as mean and second moment, accepted, before, and proposed, and as a false sign rate (EbmfShard): 6 arrays.
    private const int ArraysByLoading = 6;
    private const int ArraysByResult = 3;

    // Of a fit to start from means and standard deviations of loadings, and the shards' copies of them.
    private const int ArraysByStart = 4;

    private readonly MatrixSource _data;
    private readonly GivenFactors _fixed;
    private readonly GivenFactors _start;
    private readonly EbmfStart? _from;
    private readonly StandardErrors _errors;
    private readonly EbmfOptions _options;
    private readonly EbmfModel _model;

    /// <exception cref="ProblemException">The spec does not fit the data; every problem is listed.</exception>
    public EbmfJob(ModelRequest request)
        : base(request)
    {
        _data = request.Data;
        _from = request.From is { } from ? new EbmfStart(from, request.Section, _data) : null;
        var section = _from?.Section ?? request.Section;
        if (_from is null && section.Get(EbmfFields.Init).Init == EbmfInit.Fit)
        {
            throw ProblemException.BadInput("ebmf.init is fit, but no fit is given: give from, or another init");
        }

        _fixed = GivenFactors.ReadFixed(section.Get(EbmfFields.FixedFactors), _data);
        _start = section.Get(EbmfFields.Init).Path is { } folder ? GivenFactors.ReadInit(folder, _data) : GivenFactors.None;
        _errors = StandardErrors.Read(section.Get(EbmfFields.StandardErrors), _data);
        _options = MakeOptions(section, request.Seed);
        var problems = EbmfOptionsCheck.Problems(_options);
        if (problems.Count > 0)
        {
            throw new ProblemException(ExitCode.BadInput, [.. problems.Select(p => $"ebmf: {p}")]);
        }

        _model = new EbmfModel(_options);
        Section = section.With(EbmfFields.MaxFactors, _options.MaxFactors);
        DataHash = HashData();
        Output = new EbmfOutput(request);
    }

    /// <inheritdoc/>
    public override SpecSection Section { get; }

    /// <inheritdoc/>
    public override IFitModel Model => _model;

    /// <inheritdoc/>
    public override string DataHash { get; }

    /// <inheritdoc/>
    public override string Title => string.Create(
        CultureInfo.InvariantCulture,
        $"ebmf with at most {_options.MaxFactors + _options.FixedFactorCount} factors, tolerance {_model.Tolerance:G4}");

    /// <inheritdoc/>
    public override IEnumerable<string> Notes =>
        [.. _errors.Notes, .. _fixed.Notes, .. _start.Notes, .. _errors.Note is { } note ? new[] { note } : []];

    /// <inheritdoc/>
    public override ModelOutput Output { get; }

    /// <inheritdoc/>
    public override SizeEstimate Sizes
    {
        get
        {
            long k = _options.MaxFactors + _options.FixedFactorCount;
            var (n, p) = (_data.Rows, (long)_data.Columns);
            var given = _from is null ? 0 : 8L * _from.Count * n * ArraysByStart;
            return SizeEstimate.Of(_data.StoredBytes + given, 8 * k * (n + p) * ArraysByLoading, 8 * k * (n + p) * ArraysByResult);
        }
    }

    /// <inheritdoc/>
    public override void WritePlan(Utf8JsonWriter writer)
    {
        writer.WriteNumber("maxFactors", _options.MaxFactors);
        writer.WriteNumber("tolerance", _model.Tolerance);
    }

    /// <inheritdoc/>
    public override ShardData Load(ShardId shard, ShardRange range)
    {
        var block = _errors.Mask(range, _data.RowBlock(range));
        var extras = new ArraySet();
        if (_fixed.Count > 0)
        {
            extras.Set(ExtraKeys.FixedLoadings, Slice(_fixed.Loadings, range, _fixed.Count), [range.Count, _fixed.Count]);
        }

        if (_start.Count > 0)
        {
            extras.Set(ExtraKeys.InitialLoadings, Slice(_start.Loadings, range, _start.Count), [range.Count, _start.Count]);
        }

        _from?.AddTo(extras, range);
        if (_errors.Kind == KnownErrors.Row)
        {
            extras.Set(ExtraKeys.StandardErrors, Slice(_errors.FiniteValues, range, 1));
        }

        return new ShardData(shard, range.First, _data.Rows, block, _errors.Block(range, block), extras);
    }

    private static double[] Slice(double[] values, ShardRange range, int width) =>
        values.AsSpan(checked((int)range.First * width), range.Count * width).ToArray();

    private EbmfOptions MakeOptions(SpecSection section, ulong seed)
    {
        var options = new EbmfOptions
        {
            Rows = _data.Rows,
            Columns = _data.Columns,
            MaxFactors = section.Get(EbmfFields.MaxFactors) ?? MostFactors(),
            LoadingsPrior = section.Get(EbmfFields.LoadingsPrior),
            FactorsPrior = section.Get(EbmfFields.FactorsPrior),
            Variance = section.Get(EbmfFields.Variance),
            KnownErrors = _errors.Kind,
            StandardErrors = _errors.Kind is KnownErrors.Scalar or KnownErrors.Column ? _errors.FiniteValues : [],
            Greedy = section.Get(EbmfFields.Greedy),
            Backfit = section.Get(EbmfFields.Backfit),
            Nullcheck = section.Get(EbmfFields.Nullcheck),
            Extrapolate = section.Get(EbmfFields.Extrapolate),
            Init = section.Get(EbmfFields.Init).Init,
            InitialFactors = _start.Factors,
            InitialFactorCount = _start.Count,
            FixedFactorCount = _fixed.Count,
            FixedFactors = _fixed.Factors,
            Tolerance = section.Get(EbmfFields.Tolerance),
            MaxSweeps = section.Get(EbmfFields.MaxSweeps),
            Seed = seed,
        };
        return _from?.AddTo(options) ?? options;
    }

    private int MostFactors()
    {
        var most = (int)long.Min(DefaultMaxFactors, long.Min(_data.Rows, _data.Columns));
        return _start.Count > 0 ? _start.Count : int.Max(most, (_from?.Count ?? 0) - _fixed.Count);
    }

    private string HashData()
    {
        double[][] others = [_errors.Values, _fixed.Loadings, _fixed.Factors, _start.Loadings, _start.Factors];
        if (_errors.Matrix is null && others.All(o => o.Length == 0))
        {
            return _data.ContentHash;
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.ASCII.GetBytes(_data.ContentHash + (_errors.Matrix?.ContentHash ?? "-")));
        foreach (var values in others)
        {
            hash.AppendData(BitConverter.GetBytes((long)values.Length));
            hash.AppendData(MemoryMarshal.AsBytes(values.AsSpan()));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

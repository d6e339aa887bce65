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
using FitCluster.Models.Results;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Ebmf;

/// <summary>A job of the model ebmf.</summary>
internal sealed class EbmfJob : IModelJob
{
    private const int DefaultMaxFactors = 50;

    // A loading is kept as mean and second moment, accepted, before, and proposed, and as a false sign rate (EbmfShard): 6 arrays.
    private const int ArraysByLoading = 6;
    private const int ArraysByResult = 3;

    private readonly JobSpec _spec;
    private readonly MatrixSource _data;
    private readonly GivenFactors _fixed;
    private readonly GivenFactors _start;
    private readonly StandardErrors _errors;
    private readonly EbmfOptions _options;
    private readonly EbmfModel _model;

    /// <exception cref="ProblemException">The spec does not fit the data; every problem is listed.</exception>
    public EbmfJob(JobSpec spec, MatrixSource data)
    {
        (_spec, _data) = (spec, data);
        _fixed = GivenFactors.ReadFixed(spec.Ebmf.FixedFactors, data);
        _start = spec.Ebmf.InitPath is { } folder ? GivenFactors.ReadInit(folder, data) : GivenFactors.None;
        _errors = StandardErrors.Read(spec.Ebmf, data);
        _options = MakeOptions(spec);
        var problems = EbmfOptionsCheck.Problems(_options);
        if (problems.Count > 0)
        {
            throw new ProblemException(ExitCode.BadInput, [.. problems.Select(p => $"ebmf: {p}")]);
        }

        _model = new EbmfModel(_options);
        DataHash = HashData();
        Output = new EbmfOutput(spec, data);
    }

    /// <inheritdoc/>
    public IFitModel Model => _model;

    /// <inheritdoc/>
    public string DataHash { get; }

    /// <inheritdoc/>
    public string Title => string.Create(
        CultureInfo.InvariantCulture, $"ebmf with at most {_options.MaxFactors + _options.FixedFactorCount} factors, tolerance {_model.Tolerance:G4}");

    /// <inheritdoc/>
    public IEnumerable<string> Notes => [];

    /// <inheritdoc/>
    public IModelOutput Output { get; }

    /// <inheritdoc/>
    public SizeEstimate Sizes
    {
        get
        {
            long k = _options.MaxFactors + _options.FixedFactorCount;
            var (n, p) = (_data.Rows, (long)_data.Columns);
            return SizeEstimate.Of(_data.StoredBytes, 8 * k * (n + p) * ArraysByLoading, 8 * k * (n + p) * ArraysByResult);
        }
    }

    /// <inheritdoc/>
    public void WriteSection(Utf8JsonWriter writer, bool forPeople) => SpecCanonical.WriteEbmf(writer, _spec.Ebmf, _options.MaxFactors, forPeople);

    /// <inheritdoc/>
    public void WritePlan(Utf8JsonWriter writer)
    {
        writer.WriteNumber("maxFactors", _options.MaxFactors);
        writer.WriteNumber("tolerance", _model.Tolerance);
    }

    /// <inheritdoc/>
    public ShardData Load(ShardId shard, ShardRange range)
    {
        var block = _data.RowBlock(range);
        var extras = new ArraySet();
        if (_fixed.Count > 0)
        {
            extras.Set("fixedLoadings", Slice(_fixed.Loadings, range, _fixed.Count), [range.Count, _fixed.Count]);
        }

        if (_start.Count > 0)
        {
            extras.Set("initialLoadings", Slice(_start.Loadings, range, _start.Count), [range.Count, _start.Count]);
        }

        if (_errors.Kind == KnownErrors.Row)
        {
            extras.Set("standardErrors", Slice(_errors.Values, range, 1));
        }

        return new ShardData(shard, range.First, _data.Rows, block, _errors.Block(range, block), extras);
    }

    private static double[] Slice(double[] values, ShardRange range, int width) =>
        values.AsSpan(checked((int)range.First * width), range.Count * width).ToArray();

    private EbmfOptions MakeOptions(JobSpec spec)
    {
        var ebmf = spec.Ebmf;
        var least = (int)long.Min(int.MaxValue, long.Min(_data.Rows, _data.Columns));
        return new EbmfOptions
        {
            Rows = _data.Rows,
            Columns = _data.Columns,
            MaxFactors = ebmf.MaxFactors ?? (_start.Count > 0 ? _start.Count : int.Min(DefaultMaxFactors, least)),
            LoadingsPrior = ebmf.LoadingsPrior,
            FactorsPrior = ebmf.FactorsPrior,
            Variance = ebmf.Variance,
            KnownErrors = _errors.Kind,
            StandardErrors = _errors.Kind is KnownErrors.Scalar or KnownErrors.Column ? _errors.Values : [],
            Greedy = ebmf.Greedy,
            Backfit = ebmf.Backfit,
            Nullcheck = ebmf.Nullcheck,
            Extrapolate = ebmf.Extrapolate,
            Init = ebmf.Init,
            InitialFactors = _start.Factors,
            InitialFactorCount = _start.Count,
            FixedFactorCount = _fixed.Count,
            FixedFactors = _fixed.Factors,
            Tolerance = ebmf.Tolerance,
            MaxSweeps = ebmf.MaxSweeps,
            Seed = spec.Seed,
        };
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

using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using FitCluster.Cli.Spec;
using FitCluster.Data;
using FitCluster.Math.Ebmf;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Cli.Running;

/// <summary>A job that is ready to run: spec and data checked against each other, shards planned, hashes known. Writes nothing.</summary>
internal sealed class PreparedJob : IFitJob
{
    private const int DefaultMaxFactors = 50;
    private readonly GivenFactors _fixed;
    private readonly GivenFactors _start;
    private readonly StandardErrors _errors;

    /// <exception cref="CliException">The spec does not fit the data; every problem is listed.</exception>
    public PreparedJob(JobSpec spec, MatrixSource data)
    {
        (Spec, Data) = (spec, data);
        if (spec.Shards > data.Rows)
        {
            throw CliException.BadInput($"shards is {spec.Shards}, but the data have {data.Rows} rows: use at most {data.Rows}");
        }

        if (data.ObservedCount == 0)
        {
            throw CliException.BadInput($"'{DataUrl.Show(spec.Data.Path)}' has no observed entry: every one is missing; give data with values, or correct data.missing");
        }

        _fixed = GivenFactors.ReadFixed(spec.Ebmf.FixedFactors, data);
        _start = spec.Ebmf.InitPath is { } folder ? GivenFactors.ReadInit(folder, data) : GivenFactors.None;
        _errors = StandardErrors.Read(spec.Ebmf, data);
        Options = MakeOptions();
        var problems = EbmfOptionsCheck.Problems(Options);
        if (problems.Count > 0)
        {
            throw new CliException(ExitCode.BadInput, [.. problems.Select(p => $"ebmf: {p}")]);
        }

        Ebmf = new EbmfModel(Options);
        Ranges = data.Shards(spec.Shards);
        SpecHash = SpecCanonical.Hash(spec, Ranges.Count, Options.MaxFactors);
        DataHash = HashData();
    }

    /// <summary>What was asked for.</summary>
    public JobSpec Spec { get; }

    /// <summary>The data.</summary>
    public MatrixSource Data { get; }

    /// <summary>The options of the model, all decided.</summary>
    public EbmfOptions Options { get; }

    /// <summary>The model.</summary>
    public EbmfModel Ebmf { get; }

    /// <summary>The shards' rows.</summary>
    public IReadOnlyList<ShardRange> Ranges { get; }

    /// <summary>The hash of all that determines the result but the content of files.</summary>
    public string SpecHash { get; }

    /// <summary>The hash of the content of the data, and of every other file that is read.</summary>
    public string DataHash { get; }

    /// <inheritdoc/>
    public IFitModel Model => Ebmf;

    /// <inheritdoc/>
    public int Shards => Ranges.Count;

    /// <inheritdoc/>
    public ShardData Load(ShardId shard)
    {
        var range = Ranges[shard.Value];
        var block = Data.RowBlock(range);
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

        return new ShardData(shard, range.First, Data.Rows, block, _errors.Block(range, block), extras);
    }

    private static double[] Slice(double[] values, ShardRange range, int width) =>
        values.AsSpan(checked((int)range.First * width), range.Count * width).ToArray();

    private EbmfOptions MakeOptions()
    {
        var ebmf = Spec.Ebmf;
        var least = (int)long.Min(int.MaxValue, long.Min(Data.Rows, Data.Columns));
        return new EbmfOptions
        {
            Rows = Data.Rows,
            Columns = Data.Columns,
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
            Seed = Spec.Seed,
        };
    }

    private string HashData()
    {
        double[][] others = [_errors.Values, _fixed.Loadings, _fixed.Factors, _start.Loadings, _start.Factors];
        if (_errors.Matrix is null && others.All(o => o.Length == 0))
        {
            return Data.ContentHash;
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.ASCII.GetBytes(Data.ContentHash + (_errors.Matrix?.ContentHash ?? "-")));
        foreach (var values in others)
        {
            hash.AppendData(BitConverter.GetBytes((long)values.Length));
            hash.AppendData(MemoryMarshal.AsBytes(values.AsSpan()));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

using System.Text.Json;
using FitCluster.Cli.Tests;
using Xunit;

[assembly: AssemblyFixture(typeof(FitCluster.Cluster.Tests.EbmfFit))]
[assembly: AssemblyFixture(typeof(FitCluster.Cluster.Tests.TwinEbFit))]
[assembly: AssemblyFixture(typeof(FitCluster.Cluster.Tests.NbFit))]

namespace FitCluster.Cluster.Tests;

/// <summary>A fit of some seconds to which something is to happen: its data, and what one process makes of them.</summary>
public abstract class FaultFit : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fitcluster-fit-").FullName;

    // Made when first asked for: an assembly's fixture is there for parts of it that never ask.
    private readonly Lazy<string> _data;
    private readonly Lazy<string> _expected;

    protected FaultFit()
    {
        _data = new Lazy<string>(() => Simulate(_folder));
        _expected = new Lazy<string>(FitInOneProcess);
    }

    /// <summary>The model and its options, without the data and how often checkpoints are written.</summary>
    public abstract string[] Arguments { get; }

    public string Data => _data.Value;

    /// <summary>Every array, and what the fit says of itself, is what one process makes.</summary>
    public void ExpectSame(string results)
    {
        var expected = Directory.GetFiles(_expected.Value, "*.npy");
        Assert.True(expected.Length >= 4);
        Assert.All(expected, file => Assert.True(
            File.ReadAllBytes(file).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(results, Path.GetFileName(file)))),
            $"{Path.GetFileName(file)} differs"));
        Assert.Equal(Summary(_expected.Value), Summary(results));
    }

    public void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Makes the data in a folder; their path.</summary>
    protected abstract string Simulate(string folder);

    private string FitInOneProcess()
    {
        var expected = Path.Combine(_folder, "expected");
        var ran = FitProgram.RunProcess(["fit", .. Arguments, "--data", Data, "--out", expected, "--progress", "none"]);
        Assert.True(ran.ExitCode is 0 or 3, ran.Error);
        return expected;
    }

    private static (string Elbo, int Rounds, string? Status) Summary(string folder)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "fit.json")));
        var root = document.RootElement;
        return (root.GetProperty("elbo").GetRawText(), root.GetProperty("rounds").GetInt32(), root.GetProperty("status").GetString());
    }
}

/// <summary>EBMF, factor by factor, so that it takes rounds enough for something to happen to them.</summary>
public sealed class EbmfFit : FaultFit
{
    public const int CheckpointRounds = 25;

    private readonly int _rows;
    private readonly int _shards;
    private readonly int _planted;

    public EbmfFit()
        : this(20_000, 6)
    {
    }

    /// <summary>Of more rows, or of more factors and so of more rounds, where a fit has to last.</summary>
    internal EbmfFit(int rows, int shards, int planted = 8) => (_rows, _shards, _planted) = (rows, shards, planted);

    /// <summary>The options of a submission.</summary>
    public static string[] Usual => [.. Options(6, 8), "--checkpoint-rounds", $"{CheckpointRounds}"];

    public override string[] Arguments => Options(_shards, _planted);

    private static string[] Options(int shards, int planted) =>
        ["ebmf", "--shards", $"{shards}", "--factors", $"{planted + 2}", "--tolerance", "1e-7", "--set", "ebmf.init=power"];

    protected override string Simulate(string folder)
    {
        var data = Path.Combine(folder, "data");
        FitProgram.RunProcess(
            "simulate", "ebmf", "--out", data, "--rows", $"{_rows}", "--columns", "400", "--factors", $"{_planted}",
            "--format", "store").Expect(0);
        return Path.Combine(data, "data.store");
    }
}

/// <summary>TwinEB on counts.</summary>
public sealed class TwinEbFit : FaultFit
{
    public override string[] Arguments { get; } =
    [
        "twineb", "--shards", "6", "--factors", "6", "--set", "twineb.protocol=strong",
        "--set", "twineb.rowComponents=4", "--set", "twineb.columnComponents=4", "--set", "twineb.tolerance=1e-12",
        "--set", "twineb.steps=600", "--set", "twineb.heldOutSamples=10",
    ];

    protected override string Simulate(string folder)
    {
        var data = Path.Combine(folder, "counts.mtx");
        PlantedCounts.Write(data, 3000);
        return data;
    }
}

/// <summary>Model nb: three types of cells in two datasets.</summary>
public sealed class NbFit : FaultFit
{
    public override string[] Arguments =>
    [
        "nb", "--shards", "6", "--set", "nb.components=3", "--set", "stop.tolerance=1e-3",
        "--set", $"data.datasets={Path.Combine(Path.GetDirectoryName(Data)!, "datasets.tsv")}",
    ];

    protected override string Simulate(string folder)
    {
        var data = Path.Combine(folder, "cells");
        FitProgram.RunProcess(
            "simulate", "nb", "--out", data, "--rows", "2000", "--columns", "200", "--components", "3", "--datasets", "2").Expect(0);
        return Path.Combine(data, "data.mtx");
    }
}

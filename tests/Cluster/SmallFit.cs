using FitCluster.Cli.Tests;
using Xunit;

namespace FitCluster.Cluster.Tests;

/// <summary>
/// A fit of a second, for tests in which what matters is where it runs: its data in a folder of
/// their own, and what one process makes of them.
/// </summary>
internal sealed class SmallFit : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fitcluster-small-").FullName;

    public SmallFit(int seed = 1)
    {
        FitProgram.RunProcess("simulate", "ebmf", "--out", DataFolder, "--rows", "600", "--columns", "50", "--factors", "3",
            "--format", "store", "--seed", $"{seed}").Expect(0);
        string[] fit = ["fit", .. Arguments, "--data", Data, "--out", Path.Combine(_folder, "expected"), "--progress", "none"];
        FitProgram.RunProcess(fit).Expect(0);
    }

    public static string[] Arguments { get; } = ["ebmf", "--shards", "4", "--factors", "4"];

    /// <summary>What may be hidden from a node, or changed.</summary>
    public string DataFolder => Path.Combine(_folder, "data");

    public string Data => Path.Combine(DataFolder, "data.store");

    public void ExpectSame(string results)
    {
        var expected = Directory.GetFiles(Path.Combine(_folder, "expected"), "*.npy");
        Assert.True(expected.Length >= 7);
        Assert.All(expected, file => Assert.True(
            File.ReadAllBytes(file).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(results, Path.GetFileName(file)))),
            $"{Path.GetFileName(file)} differs"));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}

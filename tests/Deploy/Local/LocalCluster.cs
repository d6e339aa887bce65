using System.Text.RegularExpressions;
using FitCluster.Cli.Tests;
using FitCluster.Services;
using Xunit;

namespace FitCluster.Deploy.Tests.Local;

/// <summary>deploy/local/cluster in a folder, and so on ports, of one test's own.</summary>
internal sealed partial class LocalCluster : IAsyncDisposable
{
    public string Folder { get; } = Path.Combine(
        Path.GetTempPath(), $"fitcluster-local-{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..8]}");

    /// <summary>What FITCLUSTER_STORE is, as DIR/env has it.</summary>
    public string Store => EnvironmentPattern().Match(File.ReadAllText(Path.Combine(Folder, "env"))).Groups[1].Value;

    /// <summary>Skips the running test where there is no database to start.</summary>
    public static void SkipWithoutDatabase() => Assert.SkipWhen(PostgresServer.Missing is not null, PostgresServer.Missing ?? "");

    /// <summary>
    /// What was said, after the exit code was as expected: stdout where it is 0, stderr otherwise. A first
    /// argument that is a path is the program to use.
    /// </summary>
    public async Task<string> Expect(int exitCode, params string[] arguments)
    {
        var ran = await Run(arguments);
        Assert.True(ran.ExitCode == exitCode, $"cluster {string.Join(' ', arguments)} ended with {ran.ExitCode}: {ran.Error}{ran.Output}");
        return exitCode == 0 ? ran.Output : ran.Error;
    }

    /// <summary>The process of a node.</summary>
    public int ProcessOfNode(int number) =>
        int.Parse(File.ReadAllText(Path.Combine(Folder, "pids", $"node{number}")).Split(' ')[0],
            System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Runs a verb of the program against this cluster.</summary>
    public FitProgram.Ran Fit(params string[] arguments) => FitProgram.RunProcess([.. arguments, "--store", Store]);

    /// <summary>
    /// Processes that have the folder, or the store, on their command line or in their environment: nodes, database.
    /// </summary>
    public List<string> StillRunning()
    {
        string[] marks = [Folder, Store];
        var found = new List<string>();
        foreach (var process in Directory.GetDirectories("/proc").Where(path => int.TryParse(Path.GetFileName(path), out _)))
        {
            try
            {
                var known = File.ReadAllText($"{process}/cmdline") + File.ReadAllText($"{process}/environ");
                if (marks.Any(mark => known.Contains(mark, StringComparison.Ordinal)))
                {
                    found.Add(File.ReadAllText($"{process}/cmdline").Replace('\0', ' '));
                }
            }
            catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
            {
                // It has ended, or is somebody else's.
            }
        }

        return found;
    }

    public async ValueTask DisposeAsync()
    {
        await Run("down");
        if (Directory.Exists(Folder))
        {
            Directory.Delete(Folder, recursive: true);
        }
    }

    private Task<Checkout.Ran> Run(params string[] arguments)
    {
        var isProgram = arguments[0][0] == '/';
        return Checkout.Run(
            Checkout.PathOf("deploy/local/cluster"),
            [.. arguments.Skip(isProgram ? 1 : 0), "--dir", Folder],
            ("FITCLUSTER_PROGRAM", isProgram ? arguments[0] : FitProgram.Path));
    }

    [GeneratedRegex("FITCLUSTER_STORE=(.+)")]
    private static partial Regex EnvironmentPattern();
}

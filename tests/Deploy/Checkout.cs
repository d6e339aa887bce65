using System.Diagnostics;

namespace FitCluster.Deploy.Tests;

/// <summary>The files of this repository, and programs run on them.</summary>
internal static class Checkout
{
    public static string Root { get; } = Find();

    public static string PathOf(string relative) => Path.Combine(Root, relative);

    public static string Read(string relative) => File.ReadAllText(PathOf(relative));

    /// <summary>Runs a program to its end, with these variables besides the environment's.</summary>
    public static async Task<Ran> Run(string program, string[] arguments, params (string Name, string Value)[] variables)
    {
        var info = new ProcessStartInfo(program,
            arguments)
        { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Root };
        foreach (var (name, value) in variables)
        {
            info.Environment[name] = value;
        }

        using var process = Process.Start(info)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return new Ran(process.ExitCode, await output, await error);
    }

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Cluster.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("there is no Cluster.sln above the tests");
        }

        return folder.FullName;
    }

    public sealed record Ran(int ExitCode, string Output, string Error);
}

using System.Text.RegularExpressions;
using FitCluster.Cli.Tests;
using FitCluster.Deploy.Tests.Kubernetes;
using Xunit;

namespace FitCluster.Deploy.Tests;

/// <summary>
/// The Dockerfile, which cannot be built where there is no container engine: what it names is there, and agrees with the manifests.
/// </summary>
public sealed partial class DockerfileTests
{
    private static readonly string[] Lines = [.. Checkout.Read("Dockerfile").Split('\n').Where(line => line.Length > 0 && line[0] != '#')];

    [Fact]
    public void It_builds_with_the_SDK_and_runs_on_the_web_runtime_of_the_same_version()
    {
        var version = Assert.Single(Arguments("ARG"))[0].Split('=')[1];
        Assert.Contains(
            $"<TargetFramework>net{version}</TargetFramework>", Checkout.Read("Directory.Build.props"), StringComparison.Ordinal);
        // A project that the program refers to asks for it.
        Assert.Contains(
            "\"Microsoft.AspNetCore.App\"", File.ReadAllText(FitProgram.Path + ".runtimeconfig.json"), StringComparison.Ordinal);
        Assert.Equal(["mcr.microsoft.com/dotnet/sdk:${DOTNET}-noble", "mcr.microsoft.com/dotnet/aspnet:${DOTNET}-noble-chiseled"],
            Arguments("FROM").Select(words => words[0]));
    }

    [Fact]
    public void What_it_copies_is_there_and_not_ignored()
    {
        var ignored = Checkout.Read(".dockerignore").Split('\n');
        Assert.Contains("*", ignored);
        var copied = Arguments("COPY").Where(words => words[0] != "--from=build").SelectMany(words => words[..^1])
            .Select(source => source.TrimEnd('/')).ToList();
        Assert.Contains("src", copied);
        Assert.All(copied, source =>
        {
            Assert.True(Path.Exists(Checkout.PathOf(source)), $"{source} is copied and is not there");
            Assert.Contains("!" + source, ignored);
        });
        // And nothing else is let in: no tests, no secrets, nothing that was built here.
        Assert.Equal(copied.Order(), ignored.Where(line => line.StartsWith('!')).Select(line => line[1..]).Order());
        Assert.Contains("**/bin", ignored);
        Assert.Contains("**/obj", ignored);
    }

    [Fact]
    public void The_build_needs_no_file_that_is_not_copied()
    {
        // What MSBuild reads outside src: imports and links of the projects.
        var outside = Directory.GetFiles(Checkout.PathOf("src"), "*.csproj", SearchOption.AllDirectories)
            .Concat(Directory.GetFiles(Checkout.PathOf("src"), "*.props", SearchOption.AllDirectories))
            .Where(path => !path.Contains("/obj/", StringComparison.Ordinal))
            .SelectMany(path => IncludePattern().Matches(File.ReadAllText(path)).Select(m => Path.GetFullPath(
                m.Groups[1].Value.Replace("$(MSBuildThisFileDirectory)", "", StringComparison.Ordinal), Path.GetDirectoryName(path)!)))
            .Where(path => Path.Exists(path) && !path.StartsWith(Checkout.PathOf("src") + "/", StringComparison.Ordinal))
            .Select(path => Path.GetRelativePath(Checkout.Root, path))
            .Distinct();
        Assert.Empty(outside.Except(Arguments("COPY").SelectMany(words => words)));
    }

    [Fact]
    public async Task It_runs_the_program_as_the_user_of_the_manifests()
    {
        var user = Arguments("USER")[^1][0].Split(':')[0];
        Assert.Matches("^[1-9][0-9]+$", user);
        Assert.Equal("[\"/app/fitcluster\"]", string.Join(' ', Assert.Single(Arguments("ENTRYPOINT"))));
        Assert.Contains("<AssemblyName>fitcluster</AssemblyName>", Checkout.Read("src/Cli/Cli.csproj"), StringComparison.Ordinal);
        Assert.All((await Manifests.Render("base")).Nodes, node =>
        {
            Assert.Equal(user, node.Pod["securityContext"]["runAsUser"].Text);
            Assert.Equal(Assert.Single(Arguments("EXPOSE")), node.Container["ports"].Items.Select(p => p["containerPort"].Text));
            // The image's entry point is the program: the manifest gives its arguments only.
            Assert.False(node.Container["command"].IsThere);
        });
    }

    private static List<string[]> Arguments(string instruction) =>
        [.. Lines.Where(line => line.StartsWith(instruction + " ", StringComparison.Ordinal)).Select(
            line => line[(instruction.Length + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries))];

    [GeneratedRegex("(?:Include|Project)=\"([^\"]+)\"")]
    private static partial Regex IncludePattern();
}

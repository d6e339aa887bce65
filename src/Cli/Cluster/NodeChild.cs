using System.Diagnostics;

namespace FitCluster.Cli.Cluster;

/// <summary>How <c>node --supervise</c> starts its child: by its own arguments, but for that option and the name.</summary>
internal static class NodeChild
{
    public const string NameOption = "--name";
    public const string SuperviseOption = "--supervise";

    /// <summary>The start of a child.</summary>
    /// <param name="arguments">The arguments of this program, --supervise among them.</param>
    /// <param name="name">The child's name.</param>
    public static ProcessStartInfo Start(IReadOnlyList<string> arguments, string name)
    {
        var info = new ProcessStartInfo(Environment.ProcessPath!);
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            info.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        }

        for (var i = 0; i < arguments.Count; i++)
        {
            if (arguments[i] == NameOption)
            {
                i++;
            }
            else if (arguments[i] != SuperviseOption)
            {
                info.ArgumentList.Add(arguments[i]);
            }
        }

        info.ArgumentList.Add(NameOption);
        info.ArgumentList.Add(name);
        return info;
    }
}

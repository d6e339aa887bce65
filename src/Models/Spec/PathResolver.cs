namespace FitCluster.Models.Spec;

/// <summary>
/// Makes paths absolute. Those of the command line are relative to the current folder; those of a spec file to the file's folder,
/// and an input that is not there is looked for in the current folder as well.
/// </summary>
internal static class PathResolver
{
    public static string Input(string path, Origin origin, string specFolder)
    {
        var here = Path.GetFullPath(path);
        if (origin.Line == 0)
        {
            return here;
        }

        var beside = Path.GetFullPath(path, specFolder);
        return !Path.Exists(beside) && Path.Exists(here) ? here : beside;
    }

    public static string Output(string path, Origin origin, string specFolder) =>
        origin.Line == 0 ? Path.GetFullPath(path) : Path.GetFullPath(path, specFolder);
}

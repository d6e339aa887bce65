using System.Text;
using FitCluster.Data.Storage;

namespace FitCluster.Data.Store;

/// <summary>Names, one a line. Names that follow from the position are not written.</summary>
internal static class NamesFile
{
    public const string Rows = "row-names.txt";
    public const string Columns = "column-names.txt";

    public static StoreFile? Write(string folder, string name, IReadOnlyList<string> names)
    {
        if (names is GeneratedNames { FollowPosition: true })
        {
            return null;
        }

        using var file = new HashedFile(folder, name);
        foreach (var text in names)
        {
            file.Write<byte>(Encoding.UTF8.GetBytes(text));
            file.Write((byte)'\n');
        }

        return file.Finish();
    }

    public static unsafe IReadOnlyList<string> Read(StoreBlocks? file, char prefix, long count)
    {
        if (file is null)
        {
            return new GeneratedNames(prefix, null, count);
        }

        file.CheckAll();
        var names = new string[count];
        var at = file.Pointer;
        var left = file.Length;
        for (var i = 0; i < names.Length; i++)
        {
            var window = new ReadOnlySpan<byte>(at, (int)long.Min(left, int.MaxValue));
            var length = window.IndexOf((byte)'\n');
            names[i] = Encoding.UTF8.GetString(window[..length]);
            at += length + 1;
            left -= length + 1;
        }

        return names;
    }
}

using System.IO.Compression;
using System.Text;
using FitCluster.Math.Numerics;
using Xunit;

namespace FitCluster.Data.Tests;

/// <summary>A folder for one test, removed after it.</summary>
public abstract class TestFolder : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fitcluster-data-").FullName;

    public void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected string PathOf(string name) => Path.Combine(_folder, name);

    /// <summary>Writes a text file, gzipped when its name ends in .gz.</summary>
    protected string Text(string name, string content)
    {
        var path = PathOf(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var bytes = Encoding.UTF8.GetBytes(content);
        if (name.EndsWith(".gz", StringComparison.Ordinal))
        {
            using var gzip = new GZipStream(File.Create(path), CompressionLevel.Fastest);
            gzip.Write(bytes);
        }
        else
        {
            File.WriteAllBytes(path, bytes);
        }

        return path;
    }

    protected string Zip(string name, params (string Name, byte[] Content)[] members)
    {
        var path = PathOf(name);
        using var archive = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach (var (member, content) in members)
        {
            using var stream = archive.CreateEntry(member + ".npy").Open();
            stream.Write(content);
        }

        return path;
    }

    protected static DataException Refused(string path, MatrixOptions? options, params string[] mentions)
    {
        var error = Assert.Throws<DataException>(() => MatrixSource.Open(path, options));
        Assert.Contains(Path.GetFileName(path), error.Message, StringComparison.Ordinal);
        foreach (var mention in mentions)
        {
            Assert.Contains(mention, error.Message, StringComparison.Ordinal);
        }

        Assert.DoesNotContain('\n', error.Message);
        return error;
    }

    /// <summary>A matrix as rows of doubles, NaN where missing.</summary>
    internal static double[][] Values(MatrixSource source)
    {
        var result = new double[source.Rows][];
        var block = source.RowBlock(0, (int)source.Rows);
        for (var i = 0; i < block.Rows; i++)
        {
            result[i] = new double[block.Columns];
            if (block.IsSparse)
            {
                Array.Fill(result[i], block.Unstored == UnstoredEntries.Missing ? double.NaN : 0);
                for (var k = 0; k < block.RowColumns(i).Length; k++)
                {
                    result[i][block.RowColumns(i)[k]] = block.RowValues(i)[k];
                }
            }
            else
            {
                block.DenseRows(i, 1).CopyTo(result[i]);
                foreach (var j in block.MissingColumns(i))
                {
                    result[i][j] = double.NaN;
                }
            }
        }

        block.KeepAlive();
        return result;
    }
}

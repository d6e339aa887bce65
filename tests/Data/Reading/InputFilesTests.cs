using FitCluster.Tests;
using Xunit;

namespace FitCluster.Data.Tests.Reading;

public sealed class InputFilesTests : TestFolder
{
    [Fact]
    public async Task Every_format_is_read_through_a_pipe_as_from_a_file()
    {
        double[] values = [1, 2, 3, 4, 5, 6];
        string[] files =
        [
            Text("dense.csv", "name,a,b\nr1,1,2\nr2,NA,4\n"),
            Text("packed.csv.gz", "name,a,b\nr1,1,2\nr2,3,4\n"),
            Text("triplets.tsv", "user\titem\trating\nu1\ti1\t3\nu1\ti2\t4\nu2\ti1\t1\n"),
            Text("m.mtx", "%%MatrixMarket matrix coordinate real general\n3 3 2\n1 1 2.5\n2 3 1.0\n"),
            Bytes("c.npy", SmallWriters.Npy(values, "<f8", false, "(2, 3)")),
            Bytes("f.npy", SmallWriters.Npy(values, "<f8", true, "(2, 3)")),
            Zip("d.npz", ("data", SmallWriters.Npy(values, "<f8", false, "(2, 3)"))),
        ];
        foreach (var file in files)
        {
            var pipe = SpecialFiles.Pipe(PathOf("pipe"));
            using (InputFiles.Spooling())
            {
                var writing = SpecialFiles.Write(pipe, await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
                var (expected, found) = (MatrixSource.Open(file), MatrixSource.Open(pipe));
                await writing;
                Assert.Equal(expected.ContentHash, found.ContentHash);

                // Once more, as whoever names the line of an entry does.
                Assert.Equal(expected.ContentHash, MatrixSource.Open(pipe).ContentHash);
            }

            File.Delete(pipe);
        }
    }

    [Fact]
    public void Outside_of_a_users_command_a_pipe_is_refused_and_a_socket_everywhere()
    {
        var pipe = SpecialFiles.Pipe(PathOf("pipe"));
        Refused(pipe, null, "is a pipe", "give a file");
        using (InputFiles.Refusing("give what every node has"))
        {
            Refused(pipe, null, "give what every node has");
        }

        using var socket = SpecialFiles.Socket(PathOf("s"));
        using (InputFiles.Spooling())
        {
            Refused(PathOf("s"), null, "is a socket");
        }
    }

    [Fact]
    public void Of_devices_only_those_that_end_are_read()
    {
        File.CreateSymbolicLink(PathOf("link"), "/dev/null");
        using (InputFiles.Spooling())
        {
            foreach (var path in new[] { "/dev/null", PathOf("link") })
            {
                var error = Assert.Throws<DataException>(() => MatrixSource.Open(path));
                Assert.Equal($"{path} is empty; give a file with a matrix", InputFiles.Named(error.Message));
            }

            Refused(SpecialFiles.Null(PathOf("other")), null, "is a device, which may never end; give a file or a pipe");
        }
    }

    [Fact]
    public async Task What_is_wrong_in_a_pipe_is_said_under_its_name()
    {
        var pipe = SpecialFiles.Pipe(PathOf("pipe"));
        using (InputFiles.Spooling())
        {
            var writing = SpecialFiles.Write(pipe, "name,a,b\nr1,1,oops\nr2,3,4\n"u8.ToArray());
            var error = Assert.Throws<DataException>(() => MatrixSource.Open(pipe));
            await writing;
            Assert.StartsWith($"{pipe}: \"oops\" is not a number (line 2", InputFiles.Named(error.Message), StringComparison.Ordinal);
        }
    }

    private string Bytes(string name, byte[] content)
    {
        File.WriteAllBytes(PathOf(name), content);
        return PathOf(name);
    }
}

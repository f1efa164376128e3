# Makes anomalyd@.service of anomalyd.service, and anomalyd@.socket of anomalyd.socket, as make install does:
#     sed -f systemd/instance.sed systemd/anomalyd.service
# So an instance is the daemon without a name but for what is told here: its name, its files, and what it may not see.

1i # An instance: anomalyd@NAME reads anomalyd@NAME.toml, too. Made of the unit without a name by systemd/instance.sed.

# Units: those of an instance belong together.
s/\<\(anomalyd\(-[a-z]\+\)\?\)\.\(service\|socket\)\>/\1@%i.\3/g
s/^Description=.*/& %i/
s|^ExecStart=.*/anomalyd$|& --instance %i|

# Folders of its own.
s,^\(State\|Runtime\)Directory=anomalyd$,\1Directory=anomalyd-instances/%i,
s|/run/anomalyd/|/run/anomalyd-instances/%i/|g

# All instances are of one user, and so kept apart by what each one sees of the file system.
/^# Instances' files are not its own\.$/c # Other instances' files are not its own, nor are those of the daemon without a name.
/^InaccessiblePaths=/c \
InaccessiblePaths=-/var/lib/anomalyd -/run/anomalyd\
TemporaryFileSystem=/var/lib/anomalyd-instances:ro /run/anomalyd-instances:ro\
BindPaths=/var/lib/anomalyd-instances/%i /run/anomalyd-instances/%i

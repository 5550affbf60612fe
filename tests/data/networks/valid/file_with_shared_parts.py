from torch import nn

tied = nn.Linear(12, 12)
block = nn.Sequential(tied, nn.ReLU())
net = nn.Sequential(block, tied, block, nn.Linear(12, 3))
